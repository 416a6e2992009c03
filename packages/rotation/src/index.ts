/**
 * Rotation that survives a crash: one durable record for each secret, one pure function from its state to the next step,
 * and an engine that does the steps under a lease. Use it to change a credential at its target and in a store without a
 * moment in which no stored credential is accepted. It knows no store and no service, holds no value longer than a step,
 * writes none down, and throws no credential away before another one has been used.
 */
export type { Advance, RotationEngine, RotationEngineParts, RotationRequest } from './engine/contract.ts'
export { DueWork, type DueWorkParts } from './engine/due-work.ts'
export { leaseLost } from './engine/lease-keeper.ts'
export { rotationEngine } from './engine/rotation-engine.ts'
export { type RotationRunner, type RotationRunnerParts, startRotationRunner } from './engine/rotation-runner.ts'
export { type DatabaseJournalParts, databaseJournal } from './journal/database-journal.ts'
export { rotationMigrations } from './journal/migrations.ts'
export { openbaoJournal, type OpenBaoJournalOptions } from './journal/openbao-journal.ts'
export { parseRotation, rotationText } from './journal/parse-rotation.ts'
export type { RotationRow, RotationTables } from './journal/tables.ts'
export { type Effect, effectAfter, nextEffect } from './machine/effect.ts'
export type { Outcome, RotationEvent, StepOutcome } from './machine/event.ts'
export { defaultPolicy, type RotationPolicy } from './machine/policy.ts'
export {
  type Alert,
  type AlertKind,
  type Canary,
  type EndedRotation,
  dueAtMs,
  hasEnded,
  isEndState,
  isOpen,
  type Retry,
  type RollbackCause,
  type Rotation,
  type RotationState,
} from './machine/rotation.ts'
export { type TransitionParts, transition } from './machine/transition.ts'
export type { JournalEntry, JournalWrite, RotationJournal, RotationLease } from './ports/journal.ts'
export type { NoticedStep, RotationAlert, RotationNotice, RotationObserver } from './ports/notices.ts'
export type { ConsumerReceipt, Receipts } from './ports/receipts.ts'
export type { Acceptance, Credentials, Rotator, RotatorCall } from './ports/rotator.ts'
export type { FencedWrite, SecretVersions, StoredVersion } from './ports/secret-versions.ts'
export { type DatabaseReceiptsParts, databaseReceipts } from './receipts/database-receipts.ts'
export { memoryReceipts } from './receipts/memory-receipts.ts'
export { receiptMigrations } from './receipts/migrations.ts'
export type { ConsumerRow, ReceiptRow, ReceiptTables } from './receipts/tables.ts'
export { type VersionFor, type VersionForParts, versionForConsumer } from './receipts/version-for.ts'
export { type CommandRotatorOptions, commandRotator } from './rotators/command.ts'
export { type HttpKeyCall, type HttpKeyOptions, httpKeyRotator } from './rotators/http-key.ts'
export type { MongodbReach } from './rotators/mongodb/mongodb-session.ts'
export { type MongodbTwoUsersOptions, mongodbTwoUsersRotator } from './rotators/mongodb/mongodb-two-users.ts'
export { type MongodbUserOptions, mongodbUserRotator } from './rotators/mongodb/mongodb-user.ts'
export type { MysqlReach } from './rotators/mysql/mysql-session.ts'
export { type MysqlTwoUsersOptions, mysqlTwoUsersRotator } from './rotators/mysql/mysql-two-users.ts'
export { type MysqlUserOptions, mysqlUserRotator } from './rotators/mysql/mysql-user.ts'
export { type OpenBaoDynamicRoleOptions, openbaoDynamicRoleRotator } from './rotators/openbao/openbao-dynamic-role.ts'
export { type OpenBaoStaticRoleOptions, openbaoStaticRoleRotator } from './rotators/openbao/openbao-static-role.ts'
export {
  type StaticRoleState,
  type StaticRoleStateOptions,
  staticRoleState,
} from './rotators/openbao/static-role-state.ts'
export type { PostgresReach } from './rotators/postgres/postgres-session.ts'
export { type PostgresTwoUsersOptions, postgresTwoUsersRotator } from './rotators/postgres/postgres-two-users.ts'
export { type PostgresUserOptions, postgresUserRotator } from './rotators/postgres/postgres-user.ts'
export { type RandomPasswordOptions, randomPasswordRotator } from './rotators/random-password.ts'
export { type RandomTextOptions, randomText } from './rotators/random-text.ts'
export { type RedisUserOptions, redisUserRotator } from './rotators/redis-user.ts'
export { type ScramKeys, type ScramOptions, scramKeys, scramVerifier } from './rotators/postgres/scram-verifier.ts'
export type { Blackout } from './schedule/blackouts.ts'
export { afterBlackouts, isBlackedOut, jitterWithin, type RotationCalendar } from './schedule/rotation-calendar.ts'
export {
  type PlannedRun,
  type RotationSchedule,
  type RotationScheduleOptions,
  rotationSchedule,
} from './schedule/rotation-schedule.ts'
export { windowDurationMs } from './schedule/window-duration.ts'

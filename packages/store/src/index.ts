/**
 * A secret store, in one SQLite file or in PostgreSQL, that speaks the AWS Secrets Manager API on loopback, with STS, KMS
 * and Systems Manager's parameters beside it: it verifies signatures, decides by IAM policies, encrypts every value,
 * acknowledges nothing that the disk has not, and keeps an audit record of every call. Use it in place of an AWS account.
 * It never listens beyond loopback, never takes a call for somebody who has not proved to be him (unless it is told to
 * take all for the root user), and never logs a value.
 */
export type { CallReport, StoreProblem } from './app.ts'
export { auditEnds, type AuditTailOptions, auditTail, type TailRecord } from './audit/audit-log.ts'
export { type ExplainAccessOptions, type ExplainedAccess, explainAccess } from './access/explain-access.ts'
export { parseIam } from './iam/iam-file.ts'
export { type WatchedIam, type WatchIamOptions, watchIam } from './iam/watch-iam.ts'
export type { Credential, Iam, Identity, IdentityProvider, LiveIam, Role } from './iam/identity.ts'
export type { Caller } from './caller.ts'
export { type BackUpOptions, backUpStore } from './maintenance/back-up-store.ts'
export { proveRootKey } from './maintenance/prove-root-key.ts'
export { type Rekeyed, type RekeyOptions, rekeyStore } from './maintenance/rekey-store.ts'
export { type RenewKmsKeysOptions, renewKmsKeys } from './maintenance/renew-kms-keys.ts'
export { type RestoreOptions, restoreStore } from './maintenance/restore-store.ts'
export { rootKeySourceOf, type StoreRootKey } from './maintenance/root-key-source-of.ts'
export { type StoreVerdict, type VerifyStoreOptions, verifyStore } from './maintenance/verify-store.ts'
export { type RunningStore, type StoreOptions, type StoreSettings, startStore } from './start-store.ts'
export type { StoreDatabase } from './storage/store-database.ts'
export type { AuditVerdict } from '@keyplane/database'
export { type VerifyAuditOptions, verifyAudit } from './audit/verify-audit.ts'
export type { FunctionsEndpoint } from './rotation/rotation-functions.ts'
export { type NotedRecord, type NotedRotation, notedRotations } from './rotation/noted-rotations.ts'
export type {
  RotationAlertReport,
  RotationReport,
  RotationStepReport,
  RotationTrialReport,
} from './rotation/rotation-report.ts'
export { isTrialVersion } from './rotation/trial-version.ts'

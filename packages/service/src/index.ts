/**
 * The configuration service: what a tool needs in an environment, settings and secrets, from the source that the
 * environment uses. It is a shell over `@keyplane/secrets`, which reads, caches and covers failures; use that by itself
 * where one program needs its own secrets. It writes no value to a log, and delivers none that its audit sink has no record of.
 */
export { type ApiKey, newApiKey } from './access/api-key.ts'
export type { Alert, AlertKind } from './alerts/alert.ts'
export type { AccessConfig } from './access/clients.ts'
export {
  type ConfigText,
  type ConfigTexts,
  parseServiceConfig,
  readConfigTexts,
  readServiceConfig,
} from './config.ts'
export type {
  AlertsConfig,
  ClientConfig,
  EnvironmentConfig,
  ListenConfig,
  RoleConfig,
  RuleConfig,
  SecretConfig,
  ServiceConfig,
  SourceConfig,
  ToolConfig,
} from './config/service-config.ts'
export { followConfig } from './follow-config.ts'
export type { FollowParts } from './follow-files.ts'
export type { EnvironmentParts } from './environments/open-environment.ts'
export type { OpenSource, SourceParts } from './environments/open-source.ts'
export type { DeliveredRead, ReadResult, SecretRead } from './tools/secret-reads.ts'
export { type RunningService, type StartServiceOptions, startService } from './start-service.ts'
export type { HealthProbe, OpenHealth } from './watch/openbao-probe.ts'
export type { Probe, Standing } from './watch/probe.ts'
export type { WarmedSecret } from './watch/watches.ts'
export { examineService } from './doctor/examine-service.ts'
export type { Finding } from './doctor/finding.ts'
export { openState, type State, type StateParts } from './state/open-state.ts'
export { type StateDatabase, stateName } from './state/state-database.ts'
export { type StateSettings, type StateSettingsParts, stateSettings } from './state/state-settings.ts'
export { verifyServiceAudit } from './state/verify-state-audit.ts'

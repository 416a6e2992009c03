/**
 * The configuration service: what a tool needs in an environment, settings and secrets, from the source that the
 * environment uses. It is a shell over `@keyplane/secrets`, which reads, caches and covers failures; use that by itself
 * where one program needs its own secrets. It writes no value to a log.
 */
export { type ConfigText, parseServiceConfig, readServiceConfig } from './config.ts'
export type {
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

/**
 * The localhost agent: secrets for the programs of one machine, over HTTP, as the AWS Secrets Manager Agent serves them.
 * Start it by `runAgent` (a command) or `startAgent` (in a process of yours). It only reads. Unless its configuration says
 * otherwise it listens on loopback alone and keeps values in memory alone; it never writes one to a log.
 */
export type { AuditBatches } from './audit/read-trail.ts'
export { parseAgentConfig, readAgentConfig } from './config.ts'
export type { AgentConfig, PrefetchConfig, PrefetchedSecret, PrefetchedTag, SourceName } from './config/agent-config.ts'
export { agentDefaults } from './config/agent-schema.ts'
export { launchAgent, type LaunchAgentOptions } from './launch-agent.ts'
export { type AgentProcess, runAgent } from './main.ts'
export type { ReadBounds } from './open-cache.ts'
export { LogFile, type LogFileOptions } from './log-file.ts'
export { openAgentLog } from './open-log.ts'
export { type UpstreamCall, UpstreamMeter } from './metrics/upstream-meter.ts'
export type { ReadEvent } from './routes/secret-reads.ts'
export { type AgentLog, type RunningAgent, startAgent, type StartAgentOptions } from './start-agent.ts'
export { version } from './version.ts'

/**
 * The wire of Keyplane's agent and service: what a request means, what an answer looks like, which status stands for
 * which error. Servers and clients both use it, in Node and in a browser; it opens no connection itself.
 */
export { type AgentErrorAnswer, encodeAgentError, parseAgentError } from './agent/error-answer.ts'
export { encodeSecret, parseSecret } from './agent/get-secret-answer.ts'
export {
  type AgentRefusal,
  type GetSecretRequest,
  type GetSecretRoutes,
  getSecretPath,
  getSecretTarget,
  parseGetSecret,
} from './agent/get-secret-request.ts'
export { type RequestTarget, splitTarget } from './agent/request-target.ts'
export { labelledStage, stageLabel } from './agent/stage-labels.ts'
export { decodeBase64, encodeBase64 } from './base64.ts'
export { httpStatus } from './error-status.ts'
export { changesTarget, encodeChange, parseChange, type ServiceChange } from './service/changes.ts'
export {
  type ConfigurationStatus,
  type ConfiguredSecret,
  encodeToolConfiguration,
  environmentConfigurationTarget,
  parseEnvironmentConfiguration,
  parseToolConfiguration,
  type ToolConfiguration,
  toolConfigurationTarget,
} from './service/configuration.ts'
export {
  encodeServiceError,
  parseServiceError,
  problemType,
  type ServiceErrorAnswer,
} from './service/error-answer.ts'
export { EventStreamReader, type ServerSentEvent } from './service/event-stream.ts'
export {
  type ReadCall,
  type ServiceClient,
  type ServiceClientOptions,
  type ServiceFetch,
  serviceClient,
} from './service/client.ts'
export type { ServiceSession, Whoami } from './service/session.ts'
export { failureOfStatus } from './service/status-failure.ts'
export { titleOfStatus } from './service/status-title.ts'

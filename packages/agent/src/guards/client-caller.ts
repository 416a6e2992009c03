import type { ClientConfig } from '../config/agent-config.ts'
import type { Caller } from './callers.ts'
import { Scope } from './scope.ts'

/** A client of the configuration, as who asks. */
export const clientCaller = ({ name, secrets, parameters }: ClientConfig): Caller =>
  Object.freeze({ name, secrets: new Scope(secrets), parameters: new Scope(parameters) })

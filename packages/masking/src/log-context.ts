import { AsyncLocalStorage } from 'node:async_hooks'

/** Fields that every log line of one piece of work carries: a request id, a tenant. */
export type LogContext = Readonly<Record<string, unknown>>

const storage = new AsyncLocalStorage<LogContext>()
/** What is around code that no `withLogContext` is around. */
export const noLogContext: LogContext = Object.freeze({})

/** Runs `act` so that every line logged in it, awaited work included, carries `context`; an outer context stays. */
export const withLogContext = <T>(context: LogContext, act: () => T): T =>
  storage.run(Object.freeze({ ...currentLogContext(), ...context }), act)

/** The fields that `withLogContext` put around the running code; an empty object outside. */
export const currentLogContext = (): LogContext => storage.getStore() ?? noLogContext

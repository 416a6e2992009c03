import type { AsyncLocalStorage } from 'node:async_hooks'
import { builtin } from './builtin.ts'

/** Fields that every log line of one piece of work carries: a request id, a tenant. */
export type LogContext = Readonly<Record<string, unknown>>

/** Made by the first `withLogContext`: until then there is nothing in it. */
let storage: AsyncLocalStorage<LogContext> | undefined
/** What is around code that no `withLogContext` is around. */
export const noLogContext: LogContext = Object.freeze({})

/** Runs `act` so that every line logged in it, awaited work included, carries `context`; an outer context stays. */
export const withLogContext = <T>(context: LogContext, act: () => T): T => {
  storage ??= new (builtin('node:async_hooks').AsyncLocalStorage)<LogContext>()
  return storage.run(Object.freeze({ ...currentLogContext(), ...context }), act)
}

/** The fields that `withLogContext` put around the running code; an empty object outside. */
export const currentLogContext = (): LogContext => storage?.getStore() ?? noLogContext

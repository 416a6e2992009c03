import { AsyncLocalStorage } from 'node:async_hooks'

/** What the running code works for. */
export interface RequestContext {
  readonly requestId: string
}

const contexts = new AsyncLocalStorage<RequestContext>()

/** Acts for a request: whatever it starts knows the request's id. */
export const inRequest = <T>(context: RequestContext, act: () => T): T => contexts.run(context, act)

/** Acts for no request, whoever set it off. */
export const outsideRequests = <T>(act: () => T): T => contexts.exit(act)

/** The id of the request to the service that the running code works for; nothing where it works for none. */
export const currentRequestId = (): string | undefined => contexts.getStore()?.requestId

import type { MessagePort, Worker } from 'node:worker_threads'
import { type ErrorMessage, errorMessage, errorOf, SecretsError, toSecretsError } from '@keyplane/core'

/** What one side of a port does for the other, by name. Arguments and results are copied on their way. */
export type Procedures = Readonly<Record<string, (argument: never) => unknown>>

/** The other side's procedures. */
export interface Calls<Theirs> {
  /** @throws SecretsError what the procedure throws, without its cause; `closed` where the other side has ended. */
  call<Name extends keyof Theirs & string>(name: Name, argument: ArgumentOf<Theirs[Name]>): ResultOf<Theirs[Name]>
  /** Calls, and does not wait for the end. */
  tell<Name extends keyof Theirs & string>(name: Name, argument: ArgumentOf<Theirs[Name]>): void
}

type ArgumentOf<Procedure> = Procedure extends (argument: infer Argument) => unknown ? Argument : never
type ResultOf<Procedure> = Procedure extends (argument: never) => infer Result ? Promise<Awaited<Result>> : never

type Message =
  | { readonly kind: 'call'; readonly id: number; readonly name: string; readonly argument: unknown }
  | { readonly kind: 'tell'; readonly name: string; readonly argument: unknown }
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: ErrorMessage }

interface Waiting {
  readonly resolve: (result: never) => void
  readonly reject: (error: SecretsError) => void
}

/** Calls between two threads, in both directions. */
export const portCalls = <Theirs extends Procedures>(port: MessagePort | Worker, ours: Procedures): Calls<Theirs> => {
  const waiting = new Map<number, Waiting>()
  let calls = 0
  let hasEnded = false
  const send = (message: Message): void => port.postMessage(message)
  const run = async (name: string, argument: unknown): Promise<unknown> => ours[name]?.(argument as never)

  const answer = (id: number, name: string, argument: unknown): void => {
    run(name, argument).then(
      (result) => send({ kind: 'result', id, result }),
      (error: unknown) => send({ kind: 'error', id, error: errorMessage(toSecretsError(error)) }),
    )
  }
  const settle = (id: number): Waiting | undefined => {
    const found = waiting.get(id)
    waiting.delete(id)
    return found
  }
  port.on('message', (message: Message) => {
    if (message.kind === 'call') answer(message.id, message.name, message.argument)
    // Nobody waits to hear that it failed.
    else if (message.kind === 'tell') run(message.name, message.argument).catch(() => undefined)
    else if (message.kind === 'result') settle(message.id)?.resolve(message.result as never)
    else settle(message.id)?.reject(errorOf(message.error))
  })
  // A port closes, a worker exits.
  for (const ending of ['close', 'exit'])
    port.once(ending, () => {
      hasEnded = true
      for (const { reject } of waiting.values()) reject(ended())
      waiting.clear()
    })
  return {
    call: (name, argument) =>
      new Promise((resolve, reject) => {
        if (hasEnded) return reject(ended())
        const id = (calls += 1)
        waiting.set(id, { resolve, reject })
        send({ kind: 'call', id, name, argument })
      }) as never,
    tell: (name, argument) => send({ kind: 'tell', name, argument }),
  }
}

const ended = (): SecretsError => new SecretsError('closed', 'The thread has ended.')

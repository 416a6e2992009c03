import type { FastifyReply } from 'fastify'

const signals = new WeakMap<FastifyReply, AbortSignal>()

/** Aborted when the caller has gone before its answer. One for each answer, made when it is asked for. */
export const abandoned = (reply: FastifyReply): AbortSignal => {
  const made = signals.get(reply)
  if (made) return made
  const controller = new AbortController()
  // The request's own `close` comes as soon as it is read.
  const { raw } = reply
  if (raw.destroyed) controller.abort()
  raw.once('close', () => raw.writableFinished || controller.abort())
  signals.set(reply, controller.signal)
  return controller.signal
}

import type { MessagePort } from 'node:worker_threads'
import type { SharedWriter, Writer } from '../ports.ts'

/** The writer, with a way for other threads to write through it. */
export const sharedWriter = (writer: Writer, connect: () => MessagePort): SharedWriter => ({
  get alive() {
    return writer.alive
  },
  write: (unit) => writer.write(unit),
  connect,
  close: () => writer.close(),
})

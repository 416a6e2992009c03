import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { SecretsError } from '@keyplane/core'
import { Interrupted } from './interrupted.ts'
import type { Terminal } from './terminal.ts'

/**
 * Asks for a text that is not shown while it is typed.
 * @throws SecretsError `invalid_request` where none is given, Interrupted at Ctrl-C.
 */
export const promptHidden = async (question: string, stdin: NodeJS.ReadStream, terminal: Terminal): Promise<string> => {
  terminal.ask(question)
  // The line editor echoes what is typed; here it echoes into nothing.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true })
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      lines.question('', resolve)
      lines.once('close', () => resolve(''))
      lines.once('SIGINT', () => reject(new Interrupted()))
    }).finally(() => terminal.ask('\n'))
    if (answer === '') throw new SecretsError('invalid_request', 'No value was given; nothing was written.')
    return answer
  } finally {
    lines.close()
  }
}

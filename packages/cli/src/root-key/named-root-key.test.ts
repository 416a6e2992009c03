import { PassThrough } from 'node:stream'
import { systemClock, systemRandom } from '@keyplane/core'
import { passphraseRootKey } from '@keyplane/sealing'
import { describe, expect, it } from 'vitest'
import { DataFolder } from '../data-folder/data-folder.ts'
import { openTerminal } from '../terminal.ts'
import { namedRootKey } from './named-root-key.ts'

/** A keyboard at which `correct horse battery` is typed after each question, and the questions. */
const keyboard = () => {
  const stdin = Object.assign(new PassThrough(), { isTTY: true }) as unknown as NodeJS.ReadStream
  const questions: string[] = []
  const { stdout, stderr } = process
  const ask = (text: string): void => {
    if (text === '\n') return
    questions.push(text)
    setImmediate(() => stdin.push('correct horse battery\r'))
  }
  return { stdin, questions, terminal: { ...openTerminal({ env: {}, stdout, stderr }), ask } }
}

describe('a passphrase as root key', () => {
  it('is asked for once, however often it is opened, and not for another one that the store has meanwhile', async () => {
    const { questions, ...parts } = keyboard()
    const context = { ...parts, folder: new DataFolder('unused'), env: {}, clock: systemClock, random: systemRandom }
    const passphrase = async () => Buffer.from('correct horse battery')
    const made = () => passphraseRootKey({ passphrase, random: systemRandom }).open(undefined)
    const [first, other] = [(await made()).descriptor, (await made()).descriptor]
    const source = namedRootKey({ ...context, untilEnded: () => new Promise(() => undefined) }, 'passphrase')
    expect((await source.open(first)).descriptor).toBe(first)
    expect((await source.open(first)).descriptor).toBe(first)
    await expect(source.open(other)).rejects.toMatchObject({ code: 'config_invalid' })
    expect(questions).toEqual(['Passphrase (not shown): '])
  })
})

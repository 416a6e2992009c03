import { readFileSync } from 'node:fs'
import { BytesValue, SecretsError, type SecretValue, TextValue, uuid } from '@keyplane/core'
import { aboutSecret } from '../about-secret.ts'
import type { Command, Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { promptHidden } from '../prompt-hidden.ts'
import { openWritable } from '../secret-source.ts'
import { UsageError } from '../usage-error.ts'

interface SetOptions {
  readonly file?: string
  readonly keepNewline?: boolean
}

/** AWS: at most 65,536 bytes. A stream that goes on longer is not read to its end. */
const maxBytes = 65_536

/** Writes a secret. The value never stands in an argument list, where every process of the machine can read it. */
export const set: Command<SetOptions> = async (context, [name = '', source], options) => {
  const { folder, env, terminal, random } = context
  if (source !== undefined && source !== '-')
    throw new UsageError(
      'A value is never taken from the command line, where others can read it: pipe it in and write - in its place.',
    )
  const value = await readValue(context, source, options)
  const store = openWritable(folder, env)
  try {
    const idempotencyKey = uuid(random)
    const version = await store.write?.put({ id: name }, value, { idempotencyKey }).catch(aboutSecret(name))
    const facts = { name: version?.name ?? name, id: version?.id, version: version?.version }
    if (terminal.json) terminal.data(JSON.stringify(facts))
    else terminal.words(`${terminal.style('green', '✓')} ${name} has a new version (${version?.version}).`)
    return exitCodes.ok
  } finally {
    await store.close?.()
  }
}

const readValue = async (
  { stdin, terminal }: Context,
  source: string | undefined,
  { file, keepNewline }: SetOptions,
): Promise<SecretValue> => {
  if (file !== undefined) return asValue(readWhole(file), true)
  if (source === '-' || !stdin.isTTY) return asValue(await readStdin(stdin), keepNewline === true)
  return new TextValue(await promptHidden('Value (not shown): ', stdin, terminal))
}

/** Text where it is text; the newline that commands end their output with belongs to them, not to the value. */
const asValue = (bytes: Buffer, keepNewline: boolean): SecretValue => {
  if (bytes.length > maxBytes) throw new SecretsError('invalid_request', `A value has at most ${maxBytes} bytes.`)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return new BytesValue(bytes)
  }
  const value = keepNewline ? text : text.replace(/\r?\n$/, '')
  if (value === '') throw new SecretsError('invalid_request', 'The value is empty; nothing was written.')
  return new TextValue(value)
}

const readStdin = async (stdin: NodeJS.ReadStream): Promise<Buffer> => {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stdin) {
    chunks.push(chunk as Buffer)
    length += (chunk as Buffer).length
    if (length > maxBytes + 2) break
  }
  return Buffer.concat(chunks)
}

const readWhole = (file: string): Buffer => {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new SecretsError('invalid_request', `${file} can't be read (${(cause as NodeJS.ErrnoException).code}).`, {
      cause,
    })
  }
}

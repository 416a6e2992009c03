import type { SecretRef, Stage } from '@keyplane/core'
import { labelledStage } from '@keyplane/protocol'
import { aboutSecret } from '../about-secret.ts'
import type { Command } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { openSource } from '../secret-source.ts'
import { fieldOf } from '../json-field.ts'
import { parseNamedField } from '../named-field.ts'
import { table } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'

interface GetOptions {
  readonly reveal?: boolean
  readonly field?: string
  readonly versionId?: string
  readonly stage?: string
}

const stages: Readonly<Record<string, Stage>> = { current: 'current', previous: 'previous', pending: 'pending' }

/** Shows a secret: its facts always, its value only with `--reveal`. */
export const get: Command<GetOptions> = async ({ folder, env, terminal }, [text = ''], options) => {
  const { reveal, versionId, stage } = options
  const { name, field = options.field } = parseNamedField(text)
  if (options.field !== undefined && field !== options.field)
    throw new UsageError(`${JSON.stringify(text)} names another field than --field.`)
  const ref: SecretRef = {
    id: name,
    ...(versionId !== undefined && { version: versionId }),
    ...(stage !== undefined && { stage: stages[stage] ?? labelledStage(stage) }),
  }
  const secrets = openSource(folder, env)
  try {
    const { version, source } = await secrets.read(ref, { required: true }).catch(aboutSecret(name))
    const bytes = version.value.kind === 'bytes' && field === undefined ? version.value.reveal() : undefined
    const shownText = (): string =>
      field !== undefined
        ? fieldOf(version.value, field, name)
        : version.value.kind === 'text'
          ? version.value.reveal()
          : ''
    if (reveal && !terminal.json) {
      // The bare value, as a pipe wants it; a person's prompt gets a line of its own.
      if (bytes) process.stdout.write(bytes)
      else process.stdout.write(terminal.isInteractive ? `${shownText()}\n` : shownText())
      return exitCodes.ok
    }
    if (field !== undefined) fieldOf(version.value, field, name)
    const facts = {
      name: version.name ?? name,
      id: version.id,
      ...(version.version !== undefined && { version: version.version }),
      ...(version.stages && { stages: version.stages.join(', ') }),
      ...(version.createdAtMs !== undefined && { created: new Date(version.createdAtMs).toISOString() }),
      source,
    }
    const shown = bytes ? { valueBase64: Buffer.from(bytes).toString('base64') } : reveal ? { value: shownText() } : {}
    if (terminal.json) terminal.data(JSON.stringify({ ...facts, ...(reveal ? shown : {}) }))
    else {
      terminal.data(table(Object.entries({ ...facts, value: '****' })))
      terminal.words(terminal.style('dim', 'The value itself: --reveal'))
    }
    return exitCodes.ok
  } finally {
    await secrets.close()
  }
}

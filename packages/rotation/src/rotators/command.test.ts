import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { BytesValue, systemClock, systemRandom, type SecretValue, TextValue } from '@keyplane/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RotatorCall } from '../ports/rotator.ts'
import { describeRotator } from '../testing/describe-rotator.ts'
import { commandRotator, type CommandRotatorOptions } from './command.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rotation-command-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A program whose target is a file with the one password that it accepts. */
const program = `
  import { readFileSync, writeFileSync } from 'node:fs'
  const [target] = process.argv.slice(2)
  let input = ''
  for await (const chunk of process.stdin) input += chunk
  const { step, current, pending, value } = JSON.parse(input)
  const accepted = readFileSync(target, 'utf8')
  const steps = {
    create: () => ({ value: { text: 'made-' + Math.random().toString(36).slice(2) } }),
    test: () => ({ outcome: value.text === accepted ? 'accepted' : 'refused' }),
    set: () => {
      if (![current.text, pending.text].includes(accepted)) process.exit(3)
      writeFileSync(target, pending.text)
      return { outcome: 'accepted' }
    },
    revert: () => {
      if (pending.text === accepted) writeFileSync(target, current.text)
      return {}
    },
    retire: () => ({}),
    discard: () => ({}),
  }
  process.stdout.write(JSON.stringify(steps[step]()))
`
const command = (text: string, ...parameters: string[]): CommandRotatorOptions['command'] => {
  const path = join(folder, 'rotate.mjs')
  writeFileSync(path, text)
  return [process.execPath, path, ...parameters]
}

describeRotator(
  'a command',
  async () => {
    const target = join(folder, 'target')
    writeFileSync(target, 'first-password')
    const path = command(program, target)
    return {
      rotator: commandRotator({ command: path }),
      first: new TextValue('first-password'),
      clock: systemClock,
      random: systemRandom,
      accepts: async (value) => readFileSync(target, 'utf8') === value.reveal(),
      lower: () => void command('process.exit(1)'),
      raise: () => void command(program),
      meddle: async () => writeFileSync(target, 'somebody-elses'),
    }
  },
  { describe, it },
)

const call = (more: Partial<RotatorCall> = {}): RotatorCall => ({
  secretId: 'prod/db',
  rotationId: 'r1',
  pendingVersion: 'v2',
  fence: 7,
  signal: new AbortController().signal,
  requireLease: () => undefined,
  ...more,
})
const echo = "let input = ''; for await (const chunk of process.stdin) input += chunk;"
const ask = (text: string, act: (rotator: ReturnType<typeof commandRotator>) => Promise<unknown>): Promise<unknown> =>
  act(commandRotator({ command: command(text) })).catch((error: unknown) => error)
const first: SecretValue = new TextValue('canary-password')
/** One that ended and whose parent has not noticed is there, and does not run. */
const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

describe('a rotation command', () => {
  it('is told the step, the version and the token, and values on stdin alone', async () => {
    const seen = join(folder, 'seen')
    const text = `import { writeFileSync } from 'node:fs'; ${echo}
      writeFileSync(${JSON.stringify(seen)}, JSON.stringify([JSON.parse(input), process.argv.slice(2), process.env]))
      process.stdout.write('{"outcome":"refused"}')`
    const pending = new BytesValue(Uint8Array.of(0, 255))
    expect(await ask(text, (rotator) => rotator.set(call(), { current: first, pending }))).toBe('refused')
    expect(JSON.parse(readFileSync(seen, 'utf8'))).toEqual([
      {
        step: 'set',
        secretId: 'prod/db',
        rotationId: 'r1',
        pendingVersion: 'v2',
        fence: 7,
        current: { text: 'canary-password' },
        pending: { base64: 'AP8=' },
      },
      [],
      {},
    ])
  })

  it.each([
    ['nothing', ''],
    ['no JSON', 'accepted'],
    ['another word', '{"outcome":"yes"}'],
    ['a member too many', '{"outcome":"accepted","value":"x"}'],
    ['a list', '[]'],
  ])('that answers %s is not understood, and not taken for a no', async (_, answer) => {
    const error = await ask(`process.stdout.write(${JSON.stringify(answer)})`, (rotator) => rotator.test(call(), first))
    expect(error).toMatchObject({ code: 'bad_response', reason: 'command_answer' })
  })

  it('may make bytes', async () => {
    const made = await ask(`process.stdout.write('{"value":{"base64":"AP8="}}')`, (rotator) =>
      rotator.create(call(), first),
    )
    expect(made).toBeInstanceOf(BytesValue)
  })

  it.each(['{"value":"x"}', '{"value":{"text":1}}', '{"value":{"base64":"A"}}', '{"value":{"text":"a","base64":""}}'])(
    'makes no value by %s',
    async (answer) => {
      const text = `process.stdout.write(${JSON.stringify(answer)})`
      expect(await ask(text, (rotator) => rotator.create(call(), first))).toMatchObject({ code: 'bad_response' })
    },
  )

  it('that fails is told by its exit code, without what it wrote', async () => {
    const text = `${echo} process.stderr.write(input); process.stdout.write(input); process.exitCode = 9`
    const error = await ask(text, (rotator) => rotator.test(call(), first))
    expect(error).toMatchObject({ code: 'unavailable', message: expect.stringContaining('(9)') })
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('canary')
  })

  it('that writes without end is cut off', async () => {
    const error = await ask("const go = () => process.stdout.write('x'.repeat(65536), go); go()", (rotator) =>
      rotator.test(call(), first),
    )
    expect(error).toMatchObject({ code: 'bad_response' })
  })

  it('ends with all that it started when its time is over', async () => {
    const abort = new AbortController()
    const started = join(folder, 'started')
    const text = `import { spawn } from 'node:child_process'; import { writeFileSync } from 'node:fs'
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' })
      writeFileSync(${JSON.stringify(started)}, String(child.pid)); setInterval(() => {}, 1000)`
    const asked = ask(text, (rotator) => rotator.test(call({ signal: abort.signal }), first))
    const pid = await new Promise<number>((resolve) => {
      const look = setInterval(() => {
        try {
          const found = Number(readFileSync(started, 'utf8'))
          if (found > 0) {
            clearInterval(look)
            resolve(found)
          }
        } catch {
          // Not yet.
        }
      }, 5)
    })
    abort.abort(new Error('over'))
    expect(await asked).toMatchObject({ message: 'over' })
    await expect.poll(() => isRunning(pid)).toBe(false)
  })

  it('that is not there is a mistake of the configuration', async () => {
    const rotator = commandRotator({ command: [join(folder, 'nothing')] })
    await expect(rotator.test(call(), first)).rejects.toMatchObject({ code: 'source_misconfigured' })
  })
})

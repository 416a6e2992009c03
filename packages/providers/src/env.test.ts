import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@keyplane/core'
import { describeProvider } from '@keyplane/testkit'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type EnvProviderOptions, envFromSettings, envProvider } from './env.ts'

const folders: string[] = []
const newFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'keyplane-env-'))
  folders.push(folder)
  return folder
}
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

const limits = {
  bytes: 'a variable is text',
  denies: 'the environment denies nobody',
  silence: 'the environment answers always',
  babble: 'a malformed line is reported, and the others are read',
}

describeProvider(
  'env, of variables',
  async (seed) => ({
    provider: envProvider({
      env: Object.fromEntries(seed.map(({ name, value }) => [name, String(value.reveal())])),
      files: [],
    }),
  }),
  { describe, it },
  limits,
)

describeProvider(
  'env, of a file',
  async (seed) => {
    const folder = await newFolder()
    const lines = seed.map(({ name, value }) => `${name}='${String(value.reveal())}'`)
    await writeFile(join(folder, '.env'), lines.join('\n'))
    return { provider: envProvider({ env: {}, folder }) }
  },
  { describe, it },
  { ...limits, awkwardNames: 'a dotenv key is letters, digits, "_", "." and "-"' },
)

const start = async (files: Record<string, string>, options: Partial<EnvProviderOptions> = {}) => {
  const folder = await newFolder()
  const write = (name: string, text: string) => writeFile(join(folder, name), text)
  for (const [name, text] of Object.entries(files)) await write(name, text)
  const env: Record<string, string | undefined> = {}
  const reports: string[] = []
  const onMalformed = ({ file, line }: { file: string; line: number }) =>
    void reports.push(`${file.slice(folder.length + 1)}:${line}`)
  const provider = envProvider({ env, folder, onMalformed, ...options })
  const text = async (id: string) => (await provider.get({ id })).value.reveal()
  return { folder, write, env, reports, provider, text }
}
const failing = (code: string) => expect.objectContaining({ code, source: 'env' })

describe('the environment', () => {
  it('wins over .env.<name>, and that over .env', async () => {
    const { env, text } = await start(
      { '.env': 'A=file\nB=file\nC=file', '.env.test': 'A=named\nB=named' },
      { name: 'test' },
    )
    env['A'] = 'live'
    expect([await text('A'), await text('B'), await text('C')]).toEqual(['live', 'named', 'file'])
  })

  it('is read live and never written to', async () => {
    const env = Object.freeze({ A: '1' })
    const { env: live, text } = await start({ '.env': 'B=2' })
    expect(await (await start({ '.env': 'B=2' }, { env })).text('B')).toBe('2')
    live['A'] = '1'
    expect(await text('A')).toBe('1')
    live['A'] = '2'
    expect(await text('A')).toBe('2')
    delete live['A']
    await expect(text('A')).rejects.toEqual(failing('secret_not_found'))
    expect(live).toEqual({})
  })

  it('has nothing under a name with NUL, where the process would cut it off', async () => {
    vi.stubEnv('KEYPLANE_TEST_CUT', 'value')
    const provider = envProvider({ env: process.env, files: [] })
    const id = 'KEYPLANE_TEST_CUT'
    expect((await provider.get({ id })).value.reveal()).toBe('value')
    await expect(provider.get({ id: `${id}\0evil` })).rejects.toMatchObject({ code: 'secret_not_found' })
    vi.unstubAllEnvs()
  })

  it('gives an empty variable as a value, and takes an undefined one for absent', async () => {
    const { env, text } = await start({ '.env': 'A=file\nB=file' })
    env['A'] = ''
    env['B'] = undefined
    expect([await text('A'), await text('B')]).toEqual(['', 'file'])
  })

  it('has none of the names that every object has', async () => {
    await expect((await start({})).text('constructor')).rejects.toEqual(failing('secret_not_found'))
  })

  it('knows current values only', async () => {
    const { env, provider } = await start({})
    env['A'] = '1'
    expect((await provider.get({ id: 'A', stage: 'current' })).value.reveal()).toBe('1')
    await expect(provider.get({ id: 'A', stage: 'previous' })).rejects.toEqual(failing('version_not_found'))
    await expect(provider.get({ id: 'A', version: '1' })).rejects.toEqual(failing('version_not_found'))
    await expect(provider.get({ id: 'A', as: 'role' })).rejects.toEqual(failing('unsupported'))
  })
})

describe('a dotenv file', () => {
  it('may be missing, appear, change and go', async () => {
    const { folder, write, text } = await start({})
    await expect(text('A')).rejects.toEqual(failing('secret_not_found'))
    await write('.env', 'A=1')
    expect(await text('A')).toBe('1')
    await write('.env', 'A=2')
    expect(await text('A')).toBe('2')
    await rm(join(folder, '.env'))
    await expect(text('A')).rejects.toEqual(failing('secret_not_found'))
  })

  it('is read again when another takes its place with the same size and time', async () => {
    const { folder, write, text } = await start({ '.env': 'A=1' })
    const old = new Date(1_000_000_000_000)
    await utimes(join(folder, '.env'), old, old)
    expect(await text('A')).toBe('1')
    await write('next', 'A=2')
    await utimes(join(folder, 'next'), old, old)
    await rename(join(folder, 'next'), join(folder, '.env'))
    expect((await stat(join(folder, '.env'))).mtimeMs).toBe(old.getTime())
    expect(await text('A')).toBe('2')
  })

  it('is not parsed again while it stays the same', async () => {
    const later = { ...systemClock, nowMs: () => systemClock.nowMs() + 60_000 }
    const { reports, provider, text } = await start({ '.env': 'A=1\nnonsense' }, { clock: later })
    await text('A')
    await text('A')
    expect(reports).toEqual(['.env:2'])
    await provider.refresh?.()
    expect(await text('A')).toBe('1')
  })

  it('has its malformed lines reported once per state of the file', async () => {
    const { write, reports, text } = await start({ '.env': 'A=1\nnonsense' })
    await text('A')
    await text('A')
    await write('.env', '!\n\nmore nonsense\nA=1')
    await text('A')
    expect(reports).toEqual(['.env:2', '.env:1', '.env:3'])
  })

  it('is not looked at for a key that the environment has', async () => {
    const { folder, env, text } = await start({})
    await mkdir(join(folder, '.env'))
    env['A'] = '1'
    expect(await text('A')).toBe('1')
    await expect(text('B')).rejects.toEqual(failing('source_misconfigured'))
  })

  it.skipIf(process.getuid?.() === 0)('that may not be read is a refusal, not an absence', async () => {
    const { folder, text } = await start({})
    await writeFile(join(folder, '.env'), 'A=1', { mode: 0 })
    await expect(text('A')).rejects.toEqual(failing('access_denied'))
  })

  it('of more than 1 MiB is refused', async () => {
    await expect((await start({ '.env': `A=${'x'.repeat(1_048_576)}` })).text('A')).rejects.toEqual(
      failing('source_misconfigured'),
    )
  })
})

describe.skipIf(process.platform === 'win32')('a .env that is no regular file', () => {
  const refusal = { message: expect.stringContaining('no regular file') as string, code: 'source_misconfigured' }

  it('is refused at once if it is a named pipe that nobody writes to', async () => {
    const { folder, text } = await start({})
    execFileSync('mkfifo', [join(folder, '.env')])
    await expect(text('A')).rejects.toMatchObject(refusal)
  })

  it('is refused if it is a socket or a device', async () => {
    const { folder, text } = await start({})
    const server = createServer().listen(join(folder, '.env'))
    await once(server, 'listening')
    await expect(text('A')).rejects.toMatchObject(refusal)
    server.close()
    const device = envProvider({ env: {}, folder: '/dev', files: ['zero'] })
    await expect(device.get({ id: 'A' })).rejects.toMatchObject(refusal)
  })
})

it.each(['latin1', 'utf16le'] as const)(
  'a .env in %s is refused, since its values would be others than written',
  async (encoding) => {
    const { folder, write, text } = await start({})
    await writeFile(join(folder, '.env'), '\uFEFFA=caf\u00e9', encoding)
    await expect(text('A')).rejects.toMatchObject({
      code: 'source_misconfigured',
      message: expect.stringContaining('UTF-8') as string,
    })
    await write('.env', '\uFEFFA=caf\u00e9')
    expect(await text('A')).toBe('caf\u00e9')
  },
)

describe('the list of the environment', () => {
  it('is the union of variables and files', async () => {
    const { env, provider } = await start({ '.env': 'A=1\nB=1', '.env.test': 'C=1' }, { name: 'test' })
    Object.assign(env, { A: '2', D: '', E: undefined })
    const names: string[] = []
    for await (const { name } of provider.list?.list({}) ?? []) names.push(name)
    expect(names.sort()).toEqual(['A', 'B', 'C', 'D'])
  })
})

it('fails every call with closed once it is closed', async () => {
  const { provider } = await start({})
  await provider.close?.()
  await expect(provider.get({ id: 'A' })).rejects.toEqual(failing('closed'))
  expect(() => provider.refresh?.()).toThrow(failing('closed'))
  await expect(provider.list?.list({})[Symbol.asyncIterator]().next()).rejects.toEqual(failing('closed'))
})

it('refuses a name that is none', () => {
  expect(() => envProvider({ env: {}, name: '../x' })).toThrow(expect.objectContaining({ code: 'config_invalid' }))
})

it('opens by settings', async () => {
  const { folder } = await start({ '.env.test': 'A=named', '.env': 'A=plain' })
  const env = { KEYPLANE_ENV_FOLDER: folder, SECRETS_ENV_NAME: 'test' }
  const provider = envFromSettings({ env, clock: systemClock })
  expect((await provider.get({ id: 'A' })).value.reveal()).toBe('named')
})

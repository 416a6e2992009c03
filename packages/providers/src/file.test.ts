import { execFileSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { type SecretProvider, systemClock } from '@keyplane/core'
import { describeProvider } from '@keyplane/testkit'
import * as fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { type FileProviderOptions, fileFromSettings, fileProvider } from './file.ts'
import { fileFailure } from './file-failure.ts'

const folders: string[] = []
const newFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'keyplane-file-'))
  folders.push(folder)
  return folder
}
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

describeProvider(
  'file',
  async (seed) => {
    const root = await newFolder()
    for (const { name, value } of seed) await writeFile(join(root, name), value.reveal())
    await writeFile(join(root, '..', 'keyplane-outside'), 'x')
    await symlink('../keyplane-outside', join(root, 'DENIED'))
    return {
      provider: fileProvider({ root }),
      deniedId: 'DENIED',
      stop: () => rm(join(root, '..', 'keyplane-outside')),
    }
  },
  { describe, it },
  {
    awkwardNames: 'a path cannot be a file and a folder, and has no empty parts',
    silence: 'a local file system answers always',
    babble: 'any bytes are a value',
  },
)

const start = async (files: Record<string, string | Uint8Array>, options: FileProviderOptions = {}) => {
  const base = await newFolder()
  const root = join(base, 'root')
  await mkdir(root)
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), content)
  }
  const provider = fileProvider({ root, ...options })
  const text = async (id: string) => (await provider.get({ id })).value.reveal()
  const names = async (prefix = '') => {
    const found: string[] = []
    for await (const { name } of provider.list?.list({ prefix }) ?? []) found.push(name)
    return found
  }
  return { base, root, provider, text, names }
}
const listed = async (provider: SecretProvider): Promise<string[]> => {
  const names: string[] = []
  for await (const { name } of provider.list?.list({}) ?? []) names.push(name)
  return names
}
const failing = (code: string) => expect.objectContaining({ code, source: 'file' })

describe('a file', () => {
  it('is text if it is UTF-8, bytes if not, and whole', async () => {
    const { provider, text } = await start({ text: '\uFEFFpäß\r\n', bytes: Uint8Array.of(0xff, 10), 'a/b': '1' })
    expect(await text('text')).toBe('\uFEFFpäß\r\n')
    expect((await provider.get({ id: 'bytes' })).value.reveal()).toEqual(Uint8Array.of(0xff, 10))
    expect(await text('a/b')).toBe('1')
  })

  it('loses one line end where that is asked for, and bytes lose none', async () => {
    const { provider, text } = await start(
      { lf: 'x\n\n', crlf: 'x\r\n', none: 'x', bytes: Uint8Array.of(0xff, 10) },
      { trim: 'final-newline' },
    )
    expect([await text('lf'), await text('crlf'), await text('none')]).toEqual(['x\n', 'x', 'x'])
    expect((await provider.get({ id: 'bytes' })).value.reveal()).toEqual(Uint8Array.of(0xff, 10))
  })

  it('is a new version when it is written or replaced, even with the same time and size', async () => {
    const { root, provider } = await start({ A: '1' })
    const version = async () => (await provider.get({ id: 'A' })).version
    const old = new Date(1_000_000_000_000)
    await utimes(join(root, 'A'), old, old)
    const first = await version()
    expect(await version()).toBe(first)
    await writeFile(join(root, 'next'), '2')
    await utimes(join(root, 'next'), old, old)
    await rename(join(root, 'next'), join(root, 'A'))
    expect(await version()).not.toBe(first)
    await expect(provider.get({ id: 'A', version: first as string })).rejects.toEqual(failing('version_not_found'))
    await expect(provider.get({ id: 'A', stage: 'previous' })).rejects.toEqual(failing('version_not_found'))
  })

  it('has a version that tells nothing of the value', async () => {
    const { provider } = await start({ A: 'x'.repeat(77) })
    expect((await provider.get({ id: 'A' })).version).toMatch(/^[\w-]{22}$/)
  })

  it('is absent where a folder is, or nothing', async () => {
    const { text } = await start({ 'a/b': '1' })
    for (const id of ['a', 'a/c', 'a/b/c', 'x'.repeat(300)])
      await expect(text(id)).rejects.toEqual(failing('secret_not_found'))
  })

  it('is refused above the bound, and where it is no file', async () => {
    const { root, provider, text } = await start({ large: 'xxxxx', fits: 'xxxx' }, { maxBytes: 4 })
    expect(await text('fits')).toBe('xxxx')
    await expect(text('large')).rejects.toEqual(failing('bad_response'))
    const [outcome] = (await provider.state?.describe([{ id: 'large' }])) ?? []
    expect(outcome).toMatchObject({ ok: false, error: { code: 'bad_response' } })
    execFileSync('mkfifo', [join(root, 'pipe')])
    await expect(text('pipe')).rejects.toEqual(failing('unsupported'))
  })

  it.skipIf(process.getuid?.() === 0)('that may not be read is a refusal, not an absence', async () => {
    const { root, text } = await start({})
    await writeFile(join(root, 'A'), '1', { mode: 0 })
    await expect(text('A')).rejects.toEqual(failing('access_denied'))
  })

  it.each([
    ['EACCES', 'access_denied'],
    ['EPERM', 'access_denied'],
    ['ENOENT', 'secret_not_found'],
    ['EISDIR', 'secret_not_found'],
    ['EIO', 'unavailable'],
    ['EMFILE', 'unavailable'],
    ['ESTALE', 'unavailable'],
  ])('that fails with %s is %s', (system, code) => {
    expect(fileFailure(Object.assign(new Error('x'), { code: system }), 'A', 'file')).toMatchObject({
      code,
      reason: system,
    })
  })
})

describe('the root', () => {
  it.each(['../x', 'a/../../x', '/etc/passwd', '..', '.', './A', '', 'a//b', 'A/', '..data/A', 'a\0b'])(
    'has no place for %j',
    async (id) => {
      await expect((await start({ A: '1', 'a/b': '1' })).text(id)).rejects.toEqual(failing('invalid_request'))
    },
  )

  it('is not left by links, to files, to folders, or to what begins like it', async () => {
    const { base, root, text, names } = await start({ A: '1' })
    await mkdir(join(base, 'root-twin'))
    await writeFile(join(base, 'root-twin', 'x'), 'outside')
    await symlink(join(base, 'root-twin', 'x'), join(root, 'absolute'))
    await symlink('../root-twin/x', join(root, 'relative'))
    await symlink('../root-twin', join(root, 'folder'))
    for (const id of ['absolute', 'relative', 'folder/x'])
      await expect(text(id)).rejects.toEqual(failing('access_denied'))
    expect(await names()).toEqual(['A'])
  })

  it('may be a link itself, and hold links', async () => {
    const { base, root, names } = await start({ 'real/A': '1' })
    await symlink('real/A', join(root, 'linked'))
    await symlink('root', join(base, 'alias'))
    const provider = fileProvider({ root: join(base, 'alias') })
    expect((await provider.get({ id: 'linked' })).value.reveal()).toBe('1')
    expect(await names()).toEqual(['linked', 'real/A'])
  })

  it('holds no circles', async () => {
    const { root, text, names } = await start({ A: '1' })
    await symlink('b', join(root, 'a'))
    await symlink('a', join(root, 'b'))
    await mkdir(join(root, 'folder'))
    await symlink('..', join(root, 'folder', 'up'))
    await symlink('../folder', join(root, 'folder', 'again'))
    await expect(text('a')).rejects.toEqual(failing('source_misconfigured'))
    expect(await names()).toEqual(['A'])
  })

  it.each([
    ['missing', 'there is none'],
    ['file', 'it is no folder'],
    ['file/below', 'its parent is no folder'],
  ])('that was named and is not there is a mistake, not an absence: %s, %s', async (name) => {
    const base = await newFolder()
    await writeFile(join(base, 'file'), 'x')
    const root = join(base, name)
    const providers = [
      fileProvider({ root }),
      fileProvider({ roots: [base, root] }),
      fileFromSettings({ env: { SECRETS_FILE_ROOTS: root }, clock: systemClock }),
    ]
    const wrong = expect.objectContaining({ code: 'source_misconfigured', reason: 'no_root', source: 'file' })
    for (const provider of providers) {
      await expect(provider.get({ id: 'A' })).rejects.toEqual(wrong)
      expect(await provider.state?.describe([{ id: 'A' }])).toEqual([{ ok: false, error: wrong }])
      await expect(listed(provider)).rejects.toEqual(wrong)
    }
  })

  it('that nobody named may be missing', async () => {
    const env = { CREDENTIALS_DIRECTORY: join(await newFolder(), 'missing') }
    const provider = fileFromSettings({ env, clock: systemClock })
    const id = 'keyplane-has-no-secret-of-this-name'
    await expect(provider.get({ id })).rejects.toEqual(failing('secret_not_found'))
    expect(await listed(provider)).not.toContain(id)
  })

  it('gives nothing from outside, whatever is asked', async () => {
    const { base, root, provider } = await start({ A: 'inside', 'a/b': 'inside' })
    await writeFile(join(base, 'outside'), 'outside')
    await symlink('../outside', join(root, 'link'))
    const part = fc.constantFrom(
      '..',
      '.',
      'a',
      'b',
      'A',
      'link',
      'outside',
      'root',
      '',
      '\\',
      '%2e%2e',
      '\0',
      '..data',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 6 }), async (parts) => {
        for (const id of [
          parts.join('/'),
          `/${parts.join('/')}`,
          join(base, ...parts.map((each) => each.replace('\0', ''))),
        ]) {
          const value = await provider.get({ id }).then(
            (version) => version.value.reveal(),
            () => 'refused',
          )
          expect(['inside', 'refused']).toContain(value)
        }
      }),
    )
  })

  it('is one of several, the earlier first', async () => {
    const one = await start({ A: 'one' })
    const two = await start({ A: 'two', B: 'two' })
    const provider = fileProvider({ roots: [one.root, two.root] })
    expect((await provider.get({ id: 'A' })).value.reveal()).toBe('one')
    expect((await provider.get({ id: 'B' })).value.reveal()).toBe('two')
    const listed: string[] = []
    for await (const { name } of provider.list?.list({}) ?? []) listed.push(name)
    expect(listed).toEqual(['A', 'B'])
  })

  it('is needed', () => {
    for (const options of [{}, { roots: [] }, { root: '' }])
      expect(() => fileProvider(options)).toThrow(expect.objectContaining({ code: 'config_invalid' }))
  })
})

describe('secrets that Kubernetes mounts', () => {
  const mount = async () => {
    const { root, provider, text, names } = await start({ '..2026_01/password': 'old', '..2026_01/tls/key': 'key' })
    await symlink('..2026_01', join(root, '..data'))
    await symlink('..data/password', join(root, 'password'))
    await symlink('..data/tls', join(root, 'tls'))
    const swap = async (folder: string, password: string) => {
      await mkdir(join(root, folder, 'tls'), { recursive: true })
      await writeFile(join(root, folder, 'password'), password)
      await symlink(folder, join(root, '..data_tmp'))
      await rename(join(root, '..data_tmp'), join(root, '..data'))
    }
    return { root, provider, text, names, swap }
  }

  it('are read through ..data, which is not listed itself', async () => {
    const { text, names } = await mount()
    expect([await text('password'), await text('tls/key')]).toEqual(['old', 'key'])
    expect(await names()).toEqual(['password', 'tls/key'])
  })

  it('change when the folder is swapped', async () => {
    const { provider, text, swap } = await mount()
    const before = await provider.get({ id: 'password' })
    await swap('..2026_02', 'new')
    expect(await text('password')).toBe('new')
    const [outcome] = (await provider.state?.describe([{ id: 'password' }])) ?? []
    expect(outcome?.ok && outcome.value.versions.has(before.version as string)).toBe(false)
  })

  it('are whole while the folder is swapped and the old one deleted', async () => {
    const { root, text, swap } = await mount()
    const swapping = (async () => {
      for (let turn = 0; turn < 30; turn++) {
        await swap(`..turn_${turn}`, `value ${turn}`)
        await rm(join(root, turn === 0 ? '..2026_01' : `..turn_${turn - 1}`), { recursive: true })
      }
    })()
    const seen = new Set<unknown>()
    for (let read = 0; read < 200; read++)
      seen.add(await text('password').catch((error: { code: string }) => error.code))
    await swapping
    for (const value of seen) expect(value).toMatch(/^(old|value \d+)$/)
  })
})

describe('a root that leads through ..data', () => {
  it('never looks missing while Kubernetes swaps the folder behind it', async () => {
    const base = await newFolder()
    const swap = async (folder: string) => {
      await mkdir(join(base, folder))
      await writeFile(join(base, folder, 'password'), folder)
      await symlink(folder, join(base, '..data_tmp'))
      await rename(join(base, '..data_tmp'), join(base, '..data'))
    }
    await swap('..turn_0')
    const provider = fileProvider({ root: join(base, '..data') })
    const swapped = new AbortController()
    const swaps = (async () => {
      for (let turn = 1; turn <= 100; turn++) {
        await swap(`..turn_${turn}`)
        await rm(join(base, `..turn_${turn - 1}`), { recursive: true })
      }
      swapped.abort()
    })()
    const reasons = new Set<unknown>()
    while (!swapped.signal.aborted) {
      await provider.get({ id: 'absent' }).catch(({ code }: { code: string }) => reasons.add(code))
      await listed(provider).catch(({ code }: { code: string }) => reasons.add(code))
    }
    await swaps
    expect([...reasons]).toEqual(['secret_not_found'])
  })
})

describe('credentials that systemd hands over', () => {
  it('are read from $CREDENTIALS_DIRECTORY, by their owner only, bytes too', async () => {
    const { root } = await start({ 'db.password': 'secret' })
    await writeFile(join(root, 'key'), Uint8Array.of(255, 0), { mode: 0o400 })
    await chmod(join(root, 'db.password'), 0o400)
    await chmod(root, 0o500)
    const provider = fileFromSettings({ env: { CREDENTIALS_DIRECTORY: root }, clock: systemClock })
    expect((await provider.get({ id: 'db.password' })).value.reveal()).toBe('secret')
    expect((await provider.get({ id: 'key' })).value.reveal()).toEqual(Uint8Array.of(255, 0))
    await chmod(root, 0o700)
  })
})

describe('secrets that Docker mounts', () => {
  it('are looked for in /run/secrets where nothing else is named, whether it is there or not', async () => {
    const provider = fileFromSettings({ env: { CREDENTIALS_DIRECTORY: '' }, clock: systemClock })
    const id = 'keyplane-has-no-secret-of-this-name'
    await expect(provider.get({ id })).rejects.toEqual(failing('secret_not_found'))
  })
})

it('fails every call with closed once it is closed', async () => {
  const { provider, names } = await start({ A: '1' })
  await provider.close?.()
  await expect(provider.get({ id: 'A' })).rejects.toEqual(failing('closed'))
  await expect(provider.state?.describe([{ id: 'A' }])).rejects.toEqual(failing('closed'))
  await expect(names()).rejects.toEqual(failing('closed'))
})

it('lets a caller leave in the middle of a read', async () => {
  const { provider } = await start({ A: '1' })
  const caller = new AbortController()
  const read = provider.get({ id: 'A' }, { signal: caller.signal })
  const reason = new Error('left')
  caller.abort(reason)
  await expect(read).rejects.toBe(reason)
})

it('opens by settings', async () => {
  const { root } = await start({ A: 'x\n' })
  const open = (env: Record<string, string>) => fileFromSettings({ env, clock: systemClock })
  const all = open({
    KEYPLANE_FILE_ROOTS: [await newFolder(), root].join(delimiter),
    SECRETS_FILE_TRIM: 'final-newline',
  })
  expect((await all.get({ id: 'A' })).value.reveal()).toBe('x')
  expect((await open({ CREDENTIALS_DIRECTORY: root }).get({ id: 'A' })).value.reveal()).toBe('x\n')
  expect(() => open({ KEYPLANE_FILE_TRIM: 'all' })).toThrow(expect.objectContaining({ code: 'config_invalid' }))
})

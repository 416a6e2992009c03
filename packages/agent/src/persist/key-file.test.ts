import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readKeyFile } from './key-file.ts'

const key = Buffer.alloc(32, 7)

describe('the key file', () => {
  it('holds 32 bytes in base64, for its owner and, to read, its group; where it is not there the refusal says how to make one', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'keyplane-key-')), 'key')
    expect(() => readKeyFile(path)).toThrow(
      `The key file ${path} is not there; make one: (umask 077; openssl rand -base64 32 > ${path}).`,
    )
    writeFileSync(path, `${key.toString('base64')}\n`)
    for (const mode of [0o644, 0o660, 0o604, 0o602]) {
      chmodSync(path, mode)
      expect(() => readKeyFile(path), mode.toString(8)).toThrow('is open to more than its owner and readers')
    }
    for (const mode of [0o600, 0o400, 0o440, 0o640]) {
      chmodSync(path, mode)
      expect(readKeyFile(path), mode.toString(8)).toEqual(key)
    }
    rmSync(path)
    for (const text of ['', 'canary', Buffer.alloc(16).toString('base64'), `${key.toString('base64')}x`]) {
      writeFileSync(path, text, { mode: 0o600 })
      expect(() => readKeyFile(path)).toThrow(/does not hold 32 bytes in base64(?!.*canary)/)
    }
    writeFileSync(path, `${key.toString('base64')}\n`)
    expect(readKeyFile(path)).toEqual(key)
  })
  it('that is another user’s is to be given to the agent’s, and not made anew', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'keyplane-key-')), 'key')
    writeFileSync(path, `${key.toString('base64')}\n`, { mode: 0o000 })
    const isRoot = process.geteuid?.() === 0
    if (isRoot) process.seteuid?.(65_534)
    try {
      expect(() => readKeyFile(path)).toThrow(/EACCES.*chown USER (?!.*openssl)/)
    } finally {
      if (isRoot) process.seteuid?.(0)
    }
  })

  it('that is something else than a file is told so, without a word of making one over it', () => {
    const path = mkdtempSync(join(tmpdir(), 'keyplane-key-'))
    chmodSync(path, 0o700)
    expect(() => readKeyFile(path)).toThrow(`The key file ${path} can't be read (EISDIR).`)
    expect(() => readKeyFile(`${path}/${'n'.repeat(300)}`)).toThrow("can't be read (ENAMETOOLONG).")
  })
})

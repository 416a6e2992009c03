import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { BoundedLog } from './bounded-log.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyplane-log-'))
  return () => rmSync(folder, { recursive: true })
})
const read = (name: string): string => readFileSync(join(folder, name), 'utf8')

describe('a log of a size at most', () => {
  it('keeps the lines before in one more file, those of the run before too', () => {
    writeFileSync(join(folder, 'log'), '1234567\n')
    const log = new BoundedLog(join(folder, 'log'), 10)
    for (const line of ['one', 'two', 'three']) log.append(line)
    expect([read('log'), read('log.1')]).toEqual(['three\n', 'one\ntwo\n'])
    expect(statSync(join(folder, 'log')).mode & 0o777).toBe(0o600)
  })

  it('loses lines where it can’t be written, and goes on', () => {
    const log = new BoundedLog(join(folder, 'nowhere', 'log'), 10)
    expect(() => log.append('one')).not.toThrow()
  })
})

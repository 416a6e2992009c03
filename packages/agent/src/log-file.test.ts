import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { LogFile } from './log-file.ts'

describe('the log file', () => {
  it('is five files of at most its bound, the oldest lines gone', () => {
    const folder = join(mkdtempSync(join(tmpdir(), 'keyplane-log-')), 'logs')
    const log = new LogFile(join(folder, 'agent.log'), { maxBytes: 100 })
    for (let line = 0; line < 100; line += 1) log.write(`${String(line).padStart(9, '0')}\n`)
    log.close()
    const files = readdirSync(folder).sort()
    expect(files).toEqual(['agent.log', 'agent.log.1', 'agent.log.2', 'agent.log.3', 'agent.log.4'])
    const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
    for (const name of files) expect(read(name).length).toBeLessThanOrEqual(100)
    expect(read('agent.log')).toMatch(/000000099\n$/)
    expect(read('agent.log.4')).toMatch(/^000000050\n/)
  })

  it('is for those that may read it alone, the older ones too', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'keyplane-log-')), 'functions.log')
    const log = new LogFile(path, { maxBytes: 10, files: 2, mode: 0o600 })
    for (let line = 0; line < 3; line += 1) log.write('123456789\n')
    log.close()
    log.write('late\n')
    expect(log.lost).toBe(1)
    for (const file of [path, `${path}.1`]) expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readdirSync(dirname(path))).toHaveLength(2)
  })

  it('goes on where it ended, after a restart', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'keyplane-log-')), 'agent.log')
    for (const line of ['one\n', 'two\n']) {
      const log = new LogFile(path)
      log.write(line)
      log.close()
    }
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n')
  })

  // The number of the closed file was kept, and the next lines went to whoever had it by then: a file, or a caller.
  it('writes into nobody else’s file when it can’t begin a new one, and goes on when it can', () => {
    const folder = join(mkdtempSync(join(tmpdir(), 'keyplane-log-')), 'logs')
    const path = join(folder, 'agent.log')
    const log = new LogFile(path, { maxBytes: 10 })
    log.write('123456789\n')
    rmSync(folder, { recursive: true })
    writeFileSync(folder, 'in the way')
    for (let line = 0; line < 3; line += 1) log.write('lost line\n')
    expect(log.lost).toBe(3)
    const other = join(folder, '..', 'other')
    const descriptor = openSync(other, 'w')
    for (let line = 0; line < 3; line += 1) log.write('lost line\n')
    expect(log.lost).toBe(6)
    expect(() => closeSync(descriptor)).not.toThrow()
    expect(readFileSync(other, 'utf8')).toBe('')
    rmSync(folder)
    log.write('again\n')
    log.close()
    expect(readFileSync(path, 'utf8')).toBe('again\n')
    expect(readdirSync(folder)).toEqual(['agent.log'])
  })
})

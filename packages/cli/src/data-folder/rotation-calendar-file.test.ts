import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readRotationCalendar } from './rotation-calendar-file.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'calendar-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const read = (text?: string) => {
  const path = join(folder, 'rotation.json')
  if (text !== undefined) writeFileSync(path, text)
  return readRotationCalendar(path)
}

describe('the rotation calendar of a data folder', () => {
  it('is empty where there is no file', () => expect(read()).toEqual({}))

  it('has a time zone, delays and blackout dates', () => {
    const blackouts = [{ from: '2026-12-20', to: '2027-01-02' }]
    expect(read(JSON.stringify({ timeZone: 'Europe/Berlin', jitterMinutes: 30, blackouts }))).toEqual({
      timeZone: 'Europe/Berlin',
      jitterMs: 1_800_000,
      blackouts,
    })
  })

  it.each([
    'no',
    '[]',
    '{"zone":"UTC"}',
    '{"timeZone":"Nowhere"}',
    '{"timeZone":1}',
    '{"jitterMinutes":-1}',
    '{"jitterMinutes":1441}',
    '{"blackouts":[{"from":"2026-02-30","to":"2026-03-01"}]}',
    '{"blackouts":[{"from":"2026-02-01"}]}',
    '{"blackouts":[null]}',
  ])('is refused where it is none: %s', (text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'config_invalid' }))
  })
})

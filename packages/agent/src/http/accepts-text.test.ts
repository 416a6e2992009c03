import { describe, expect, it } from 'vitest'
import { wantsText } from './accepts-text.ts'

describe('an Accept header', () => {
  it.each([
    'text/plain',
    'TEXT/Plain;charset=utf-8',
    'text/*',
    'text/plain, */*;q=0.01',
    'application/json;q=0.5, text/plain;q=0.9',
    'text/plain, application/*;q=0.2',
    'text/html, text/plain;q=0.1',
  ])('%j wants text', (accept) => {
    expect(wantsText(accept)).toBe(true)
  })

  it.each([
    '',
    '*/*',
    'application/json',
    'application/json, text/plain, */*',
    'text/plain, */*',
    'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    'text/html',
    'text/plain;q=0',
    'text/plain;q=0.5, application/json',
    'text/plain;q=0, */*',
    'x-text/plain',
  ])('%j does not', (accept) => {
    expect(wantsText(accept)).toBe(false)
  })
})

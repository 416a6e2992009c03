import { describe, expect, it } from 'vitest'
import { maskText } from './masker.ts'

const live = 'live'
const letters = 'a1B2c3D4'.repeat(5)

describe('a secret known by its form', () => {
  // Put together at run time, for no scanner to take them for real ones.
  it.each([
    `ghp_${letters}`,
    `ghs_${letters}`,
    `github_pat_${letters}_x`,
    `xoxb-1234-${letters}`,
    `sk_${live}_${letters}`,
    `rk_${live}_${letters}`,
    `sk_test_${letters}`,
    'eyJhbGciOiJI.eyJzdWIiOiIx.abc_-1',
    'eyJhbGciOiJI..aXY.Y2lwaGVy.dGFn',
    'eyJhbGciOiJI.a2V5.aXY.Y2lwaGVy.dGFn',
    '-----BEGIN OPENSSH PRIVATE KEY-----\\nb3Bl\\n-----END OPENSSH PRIVATE KEY-----',
  ])('%s is masked wherever it stands', (secret) => {
    expect(maskText(`found ${secret}, next`)).toBe('found ****, next')
    expect(maskText(JSON.stringify({ note: secret }))).toBe('{"note":"****"}')
    expect(maskText(secret)).toBe('****')
  })

  it("is a Slack webhook's path", () => {
    expect(maskText('to https://hooks.slack.com/services/T0/B0/x1 now')).toBe(
      'to https://hooks.slack.com/services/**** now',
    )
  })

  it.each(['AKIAIOSFODNN7EXAMPLE', 'the ghp_ prefix', 'xoxo-', 'task_live_migration_of_tables', 'eyJust.a.word'])(
    '%s is none',
    (text) => {
      expect(maskText(text)).toBe(text)
    },
  )

  it('takes 100 KB of any of their beginnings in good time', () => {
    const started = performance.now()
    for (const piece of [
      'eyJ',
      'eyJ-',
      'eyJaaaaa.',
      'eyJaaaaa..',
      'ghp_',
      'xoxb-',
      'sk_live_',
      '-----BEGIN ',
      'hooks.slack.com/services/',
    ])
      maskText(piece.repeat(100_000 / piece.length))
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})

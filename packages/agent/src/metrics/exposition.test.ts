import { describe, expect, it } from 'vitest'
import { exposition } from './exposition.ts'

describe('the exposition', () => {
  it('is the text that Prometheus reads, escaped', () => {
    const samples = [
      { labels: { a: 'x"\\\n', b: '1' }, value: 2 },
      { value: 0.5, suffix: '_sum' },
    ]
    expect(exposition([{ name: 'm_seconds', help: 'Help.', type: 'summary', samples }])).toBe(
      '# HELP m_seconds Help.\n# TYPE m_seconds summary\nm_seconds{a="x\\"\\\\\\n",b="1"} 2\nm_seconds_sum 0.5\n',
    )
    expect(exposition([{ name: 'm', help: 'Help.', type: 'gauge', samples: [] }])).toBe(
      '# HELP m Help.\n# TYPE m gauge\n',
    )
  })
})

/** Reads each configuration of the service in the docs as the service would. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseServiceConfig } from '@keyplane/service'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const pages = [
  'README.md',
  'docs/service.md',
  ...['docs/service', 'docs/flows'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => join(folder, name)),
  ),
]

interface Block {
  readonly page: string
  readonly line: number
  readonly text: string
}

const blocks = pages.flatMap((page): Block[] => {
  const text = readFileSync(join(root, page), 'utf8')
  return [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(({ 1: block = '', index }) => ({
    page,
    line: text.slice(0, index).split('\n').length,
    text: block,
  }))
})

const has = (text: string, key: string): boolean => new RegExp(`^${key}:`, 'm').test(text)

const isOverlay = ({ text }: Block): boolean => has(text, 'environment')

/** What an example leaves out that is not its subject. */
const completed = ({ text }: Block): string =>
  [
    text,
    has(text, 'environments') ? '' : 'environments: { ci: { source: env } }',
    has(text, 'tools') ? '' : 'tools: {}',
  ]
    .filter((part) => part !== '')
    .join('\n')

describe('configurations in the docs', () => {
  it.each(blocks.filter((block) => !isOverlay(block)))('of $page:$line are taken', (block) => {
    const { environments, redis, cacheKey } = parseServiceConfig({ path: 'docs.yaml', text: completed(block) })
    const isWhole = block.text.startsWith('# keyplane-service.yaml')
    if (isWhole && [...environments.values()].some(({ cache }) => cache === 'redis'))
      expect([redis, cacheKey]).toEqual([expect.anything(), expect.anything()])
  })

  it.each(blocks.filter(isOverlay))('of $page:$line are taken as overlays', ({ text }) => {
    const main = { path: 'docs.yaml', text: 'environments: { ci: { source: env } }\ntools: {}' }
    expect(parseServiceConfig(main, new Map([['ci', { path: 'docs.ci.yaml', text }]])).environments.size).toBe(1)
  })
})

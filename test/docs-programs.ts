import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

/** A fenced block of TypeScript or JavaScript on a page. */
export interface DocsBlock {
  readonly page: string
  /** Of its first line, in the page. */
  readonly line: number
  readonly text: string
  /** It imports what it uses; any other is a part of one, read with the names that the page speaks of. */
  readonly isWhole: boolean
  /** What the page says that it prints: a fence of `text` right after it. */
  readonly prints: string | undefined
}

/** A fence of `javascript` is not read: a program for a package that nobody here installs. */
const fence = /^```(?:ts|js)\n([\s\S]*?)^```$(?:\n\n```text\n([\s\S]*?)^```$)?/gm

const blocksOf = (page: string): DocsBlock[] => {
  const content = readFileSync(join(root, page), 'utf8')
  return [...content.matchAll(fence)].map(({ index, 1: text = '', 2: prints }) => ({
    page,
    line: content.slice(0, index).split('\n').length + 1,
    text,
    isWhole: /^import /m.test(text),
    prints,
  }))
}

const pagesIn = (folder: string): string[] =>
  readdirSync(join(root, folder))
    .filter((file) => file.endsWith('.md'))
    .map((file) => join(folder, file))

/** Pages that promise to be programs: what prints something there is run. */
export const programPages = [
  'docs/library.md',
  'docs/chain.md',
  ...pagesIn('docs/migrate'),
  'packages/secrets/README.md',
  'packages/policy/README.md',
]

/** Pages of sources, most of which want a server. Those that do not are run too. */
export const providerPages = pagesIn('docs/providers')
const serverless = ['env', 'github-actions', 'memory'].map((name) => join('docs/providers', `${name}.md`))

export const docsBlocks: readonly DocsBlock[] = [...programPages, ...providerPages].flatMap(blocksOf)

/** Blocks that a reader could save and start. */
export const runnableBlocks: readonly DocsBlock[] = docsBlocks.filter(
  ({ page, text, isWhole }) =>
    isWhole && (serverless.includes(page) || (programPages.includes(page) && text.includes('console.log('))),
)

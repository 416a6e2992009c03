/** Shows where files have grown past easy reading. A mirror, not a fence: it never fails. */
import { sourceFiles } from './source-files.ts'

const bounds = { source: 250, test: 400 } as const

const rows = sourceFiles('packages').map(({ path, text }) => ({
  path,
  lines: text.split('\n').length,
  kind: /\.test\.ts$|\/test\//.test(path) ? ('test' as const) : ('source' as const),
}))
const lines = rows
  .filter(({ kind }) => kind === 'source')
  .map((row) => row.lines)
  .sort((a, b) => a - b)
const at = (part: number): number => lines[Math.floor((lines.length - 1) * part)] ?? 0
console.log(`sizes: ${lines.length} source files, median ${at(0.5)}, p95 ${at(0.95)}, longest ${at(1)} lines`)
for (const row of rows.filter(({ kind, lines: count }) => count > bounds[kind]).sort((a, b) => b.lines - a.lines))
  console.log(`  look again: ${row.path} (${row.lines} lines)`)

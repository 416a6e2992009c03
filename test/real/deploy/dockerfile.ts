import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { deployFile } from './unit-file.ts'

const repository = fileURLToPath(new URL('../../..', import.meta.url))

export interface Instruction {
  readonly word: string
  readonly rest: string
}

/** The instructions of each stage of the agent's Dockerfile. */
export const stages = (): readonly (readonly Instruction[])[] => {
  const text = readFileSync(deployFile('docker/Dockerfile'), 'utf8').replace(/\\\n\s*/g, '')
  const instructions = text
    .split('\n')
    .filter((line) => /^[A-Z]+ /.test(line))
    .map((line) => ({ word: line.split(' ')[0] ?? '', rest: line.slice(line.indexOf(' ') + 1) }))
  const found: Instruction[][] = []
  for (const instruction of instructions) {
    if (instruction.word === 'FROM') found.push([])
    found.at(-1)?.push(instruction)
  }
  return found
}

/** What one stage says with a word. */
export const said = (stage: readonly Instruction[], word: string): readonly string[] =>
  stage.filter((instruction) => instruction.word === word).map(({ rest }) => rest)

/** Copies what `COPY . .` would: what git knows of, as far as the Dockerfile's own ignore file lets it through. */
export const copyContext = (target: string): void => {
  const rules = readFileSync(deployFile('docker/Dockerfile.dockerignore'), 'utf8').split('\n')
  const wanted = rules.filter((rule) => rule.startsWith('!')).map((rule) => rule.slice(1))
  const unwanted = rules
    .filter((rule) => rule.startsWith('**/'))
    .map((rule) => new RegExp(`(?:^|/)${rule.slice(3).replaceAll('.', '\\.').replaceAll('*', '[^/]*')}(?:/|$)`))
  const paths = execFileSync('git', ['ls-files', ...wanted], {
    cwd: repository,
    encoding: 'utf8',
  })
  for (const path of paths.trimEnd().split('\n')) {
    if (unwanted.some((pattern) => pattern.test(path))) continue
    mkdirSync(join(target, dirname(path)), { recursive: true })
    cpSync(join(repository, path), join(target, path))
  }
}

import { printable, type Terminal } from '../terminal.ts'
import { version } from '../version.ts'
import type { PasteLine } from './paste-lines.ts'

export interface PlaneFacts {
  readonly readyMs: number
  readonly dataPath: string
  readonly agentUrl: string
  readonly storeUrl: string
  readonly secrets: number
  readonly lines: readonly PasteLine[]
}

/** The first screen of a plane: what runs where, and what to paste next. */
export const planeScreen = (facts: PlaneFacts, { style }: Pick<Terminal, 'style'>): string => {
  const seconds = (facts.readyMs / 1_000).toFixed(1)
  return [
    `${style('bold', `Keyplane ${version}`)} · ready in ${seconds} s · data in ${facts.dataPath}/ (encrypted, kept)`,
    '',
    `  agent  ${style('cyan', facts.agentUrl)}  drop-in for the AWS agent`,
    `  store  ${style('cyan', facts.storeUrl)}  AWS Secrets Manager API · ${facts.secrets} secrets`,
    '',
    'Paste in a second terminal, in this folder:',
    ...facts.lines.flatMap(({ what, command }, index) => [
      `${String(index + 1).padStart(2)} ${what}`,
      `   ${style('green', command)}`,
    ]),
    '',
    style('dim', 'Ctrl-C stops · npm start resumes with your data · npx keyplane doctor'),
  ].join('\n')
}

/** The row of the service, which is there a moment later than the screen: it takes longer to load than all of it. */
export const serviceRow = (
  { url, dataPath }: { readonly url: string; readonly dataPath: string },
  { style }: Pick<Terminal, 'style'>,
): string => {
  const path = '/v1/environments/development/tools/demo/configuration'
  const flag = dataPath === '.keyplane' ? '' : ` --data ${dataPath}`
  const command = `curl -sH @${dataPath}/service.header '${new URL(url).host}${path}'`
  return [
    `  service  ${style('cyan', url)}  what a tool needs: settings and secrets`,
    `   ${style('green', command)}`,
    `   ${style('green', `npx keyplane service user add me --role everything --service ${url}${flag}`)}`,
  ].join('\n')
}

/** One line for one call, as it happens. */
export interface LiveCall {
  readonly atMs: number
  readonly part: 'agent' | 'store' | 'service'
  readonly act: string
  readonly secret: string
  readonly how: string
  readonly durationMs?: number
}

export const liveLine = ({ atMs, part, act, secret, how, durationMs }: LiveCall): string => {
  const time = new Date(atMs).toTimeString().slice(0, 8)
  const took = durationMs === undefined ? '' : durationMs < 0.1 ? '  <0.1 ms' : `  ${durationMs.toFixed(1)} ms`
  return ` ${time}  ${part}  ${act}  ${printable(secret)}  ${how}${took}`
}

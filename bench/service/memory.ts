import { residentMb } from '../agent/process-usage.ts'
import { Connection } from '../store/connection.ts'
import type { BaoServer } from '../../test/real/openbao/bao-server.ts'
import { measured, type Row, yardstick } from '../row.ts'
import { Asking } from './asking.ts'
import { baoEnvironment } from './bao-environment.ts'
import { configurationPath, startOwnService } from './running-service.ts'

const tools = 100
const secretsOfTool = 100
/** After the reads a process is at rest: what they left is collected, or given back. */
const restMs = 15_000

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

/** The service's memory with ten thousand secrets cached, each of 1 KB. */
export const memoryRows = async (bao: BaoServer): Promise<Row[]> => {
  await fill(bao)
  const secretsOf = (tool: number): [string, string][] =>
    numbers(secretsOfTool).map((secret) => [`secret${secret}`, `memory/${tool}/${secret}`])
  const service = await startOwnService({
    config: {
      environments: { production: baoEnvironment(bao, { ttl: '1h', warm: false }) },
      tools: Object.fromEntries(
        numbers(tools).map((tool) => [`tool-${tool}`, { secrets: Object.fromEntries(secretsOf(tool)) }]),
      ),
    },
  })
  const client = new Asking(service)
  try {
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    const idleMb = residentMb(service.pid)
    for (const tool of numbers(tools)) {
      const { status, secrets } = await client.get(configurationPath(`tool-${tool}`))
      if (status !== 'ok' || Object.keys(secrets).length !== secretsOfTool)
        throw new Error(`tool-${tool} is ${status}.`)
    }
    const after = residentMb(service.pid)
    await new Promise((resolve) => setTimeout(resolve, restMs))
    const what = `memory with ${(tools * secretsOfTool).toLocaleString('en')} cached secrets of 1 KB`
    const note = `resident set at rest; ${after.toFixed(0)} MB right after the reads`
    return [
      yardstick({ id: 'memory-idle', what: 'memory, nothing cached', unit: 'MB' }, idleMb),
      measured({ id: 'memory', what, unit: 'MB', note }, residentMb(service.pid), { atMost: 150 }),
    ]
  } finally {
    client.close()
    await service.stop()
  }
}

const fill = async (bao: BaoServer): Promise<void> => {
  const headers = { host: `127.0.0.1:${bao.port}`, 'x-vault-token': bao.rootToken, 'content-type': 'application/json' }
  await Promise.all(
    numbers(16).map(async (writer) => {
      const connection = new Connection(bao.port)
      for (let tool = writer; tool < tools; tool += 16)
        for (const secret of numbers(secretsOfTool))
          await connection.send({
            method: 'POST',
            target: `/v1/secret/data/memory/${tool}/${secret}`,
            headers,
            body: JSON.stringify({ data: { value: `${tool}/${secret}:`.padEnd(1_024, 'x') } }),
          })
      connection.close()
    }),
  )
}

import { type Body, TestStore, tokenOf } from './test-store.ts'

export const randomPassword = 'arn:keyplane:rotation:::random-password'

/** A store with one secret, `one`, that is rotated. */
export class RotatingStore extends TestStore {
  /** Lets the store go on until something holds; its clock moves a little each time. */
  async until(holds: () => Promise<boolean>): Promise<void> {
    for (let turn = 0; turn < 400; turn += 1) {
      if (await holds()) return
      await this.clock.advance(500)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    throw new Error(`It did not come to that: ${JSON.stringify(this.problems)}`)
  }

  rotate(more: Body = {}) {
    return this.ok('RotateSecret', { SecretId: 'one', ClientRequestToken: tokenOf('a'), ...more })
  }

  facts(SecretId = 'one') {
    return this.ok('DescribeSecret', { SecretId })
  }

  async value(SecretId = 'one', more: Body = {}) {
    return (await this.ok('GetSecretValue', { SecretId, ...more })).SecretString
  }

  async isRotated(before = 0): Promise<boolean> {
    return (((await this.facts())['LastRotatedDate'] as number | undefined) ?? 0) > before
  }

  /** What the audit log says of rotations' steps. */
  steps() {
    return this.records('keyplane:RotationStep')
  }

  /** How an action was decided, and its details, as the audit log has them. */
  async records(action: string): Promise<readonly (Record<string, string> & { readonly decision?: string })[]> {
    const rows = await this.data.rows(
      `select decision, detail from audit_records where action = '${action}' order by seq`,
    )
    return rows.map(({ decision, detail }) => Object.assign(JSON.parse(String(detail)), { decision }))
  }

  /** A number among the metrics. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.running?.url}/metrics`, { headers: { connection: 'close' } })).text()
    const line = text.split('\n').find((each) => each.startsWith(`${name} `))
    return Number(line?.slice(name.length + 1))
  }
}

import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { BaoServer, freePort, untilTrue } from './bao-server.ts'

/** A node of a raft cluster, whose seal opens by a key in a file, as in production by a key service. */
class RaftNode extends BaoServer {
  override readonly rootToken: string
  clusterPort = 0

  constructor(rootToken: string) {
    super()
    this.rootToken = rootToken
  }

  protected override async isReady(): Promise<boolean> {
    const { status } = await this.call('GET', 'sys/health')
    return status === 200 || status === 429
  }
}

const rootSetup = (token: string): string => `
initialize "setup" {
  request "policy" {
    operation = "update"
    path      = "sys/policies/acl/everything"
    data      = { policy = "path \\"*\\" { capabilities = [\\"create\\",\\"read\\",\\"update\\",\\"patch\\",\\"delete\\",\\"list\\",\\"sudo\\"] }" }
  }
  request "token" {
    operation = "update"
    path      = "auth/token/create-orphan"
    data      = { id = "${token}", policies = ["everything"], ttl = "1h" }
  }
  request "kv" {
    operation = "update"
    path      = "sys/mounts/secret"
    data      = { type = "kv", options = { version = "2" } }
  }
}
`

/** Nodes of one cluster on this machine: three, unless told otherwise. */
export class BaoCluster {
  readonly #token = `root${randomBytes(12).toString('hex')}`
  readonly #sealKey: Buffer = randomBytes(32)
  readonly nodes: readonly RaftNode[]

  constructor(count = 3) {
    this.nodes = Array.from({ length: count }, () => new RaftNode(this.#token))
  }

  get endpoints(): readonly string[] {
    return this.nodes.map(({ endpoint }) => endpoint)
  }

  get rootToken(): string {
    return this.#token
  }

  /** The first node begins the cluster and leads it; the others join. */
  async start(): Promise<this> {
    const [first, ...others] = this.nodes
    const leader = first as RaftNode
    for (const node of this.nodes) {
      node.port = await freePort()
      node.clusterPort = await freePort()
    }
    await this.#start(leader, rootSetup(this.#token))
    await untilTrue('the first node leads', async () => (await leader.call('GET', 'sys/health')).status === 200)
    await untilTrue('the set-up is done', async () => (await leader.call('GET', 'secret/config')).status === 200)
    // A node votes only once it was stable for 10 s, unless told otherwise.
    await leader.done('POST', 'sys/storage/raft/autopilot/configuration', { server_stabilization_time: '1s' })
    await Promise.all(others.map((node) => this.#start(node)))
    await untilTrue('all nodes vote', async () => {
      const answer = await leader.call('GET', 'sys/storage/raft/configuration')
      const { config } = answer.body['data'] as { config: { servers: { voter: boolean }[] } }
      return config.servers.filter(({ voter }) => voter).length === this.nodes.length
    })
    return this
  }

  /** Starts a node that was killed, over what it has on its disk; resolves when it serves again. */
  async restart(node: BaoServer): Promise<void> {
    await this.#start(node as RaftNode)
    await untilTrue('it leads', async () => (await node.call('GET', 'sys/health')).status === 200)
  }

  async remove(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.remove()))
  }

  async #start(node: RaftNode, more = ''): Promise<void> {
    const [first] = this.nodes
    const key = node.folder.at('seal.key')
    writeFileSync(key, this.#sealKey, { mode: 0o600 })
    const join = node === first ? '' : `retry_join { leader_api_addr = "${first?.endpoint}" }`
    const configuration = `
storage "raft" {
  path                         = "${node.folder.path}"
  node_id                      = "node-${this.nodes.indexOf(node)}"
  performance_multiplier       = 1
  autopilot_reconcile_interval = "500ms"
  autopilot_update_interval    = "500ms"
  ${join}
}
listener "tcp" {
  address         = "127.0.0.1:${node.port}"
  cluster_address = "127.0.0.1:${node.clusterPort}"
  tls_disable     = true
}
api_addr     = "${node.endpoint}"
cluster_addr = "https://127.0.0.1:${node.clusterPort}"
seal "static" {
  current_key_id = "test"
  current_key    = "file://${key}"
}
${more}`
    await node.start([], configuration)
  }
}

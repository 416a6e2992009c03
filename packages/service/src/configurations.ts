import { type AuditSink, type Clock, SecretsError } from '@keyplane/core'
import type { ToolConfiguration } from '@keyplane/protocol'
import { authorize, refusal } from './access/authorize.ts'
import type { Client } from './access/clients.ts'
import { type AccessRequest, isAllowed } from './access/decide.ts'
import { type AskedBy, deliveredRecords, keep, refusedRecord } from './audit/read-records.ts'
import type { OpenEnvironment } from './environments/open-environment.ts'
import { atMost } from './tools/at-most.ts'
import { readTool } from './tools/read-tool.ts'
import type { DeliveredRead, SecretRead } from './tools/secret-reads.ts'

export interface ConfigurationsParts {
  readonly environments: ReadonlyMap<string, OpenEnvironment>
  readonly audit: AuditSink
  readonly clock: Clock
  /** Told of each read for a caller who may, cached or not. Must not throw. */
  readonly onRead?: (read: DeliveredRead) => void
}

/** A request for configurations, after it is known who asks. */
export interface Asked {
  readonly client: Client
  readonly environment: string
  readonly requestId: string
  /** Ask the sources, whatever is cached. */
  readonly fresh: boolean
  /** Made when something has to be waited for: aborted when the caller is gone. Default: the read goes on. */
  readonly signal?: () => AbortSignal
}

const action = 'configuration:read'
/** Each reads several secrets at a time itself. */
const toolsAtOnce = 4

/** What callers are given: decided, read, recorded, in this order. */
export class Configurations {
  readonly #parts: ConfigurationsParts

  constructor(parts: ConfigurationsParts) {
    this.#parts = parts
  }

  /**
   * The configuration of one tool.
   * @throws SecretsError `access_denied`; `secret_not_found` for a tool or an environment that there is not; `unavailable`
   * where the audit log takes no record.
   */
  async ofTool(asked: Asked, tool: string): Promise<ToolConfiguration> {
    const { environment } = asked
    const request = { action, environment, tool } as const
    await this.#authorize(asked, request)
    const open = this.#parts.environments.get(environment)
    if (!open) throw new SecretsError('secret_not_found', `There is no environment ${JSON.stringify(environment)}.`)
    const onRead = this.#parts.onRead && this.#readsFor(asked)
    const configuration = await readTool(open, tool, { clock: this.#parts.clock, ...asked, onRead })
    await keep(this.#parts.audit, deliveredRecords(this.#by(asked, request), configuration))
    return configuration
  }

  /** Those of all tools that the caller may see. @throws as `ofTool`; `access_denied` where there is none. */
  async ofEnvironment(asked: Asked): Promise<readonly ToolConfiguration[]> {
    return atMost(toolsAtOnce, await this.visibleTools(asked), (tool) => this.ofTool(asked, tool))
  }

  /** The tools that the caller may see. @throws SecretsError `access_denied` where there is none. */
  async visibleTools(asked: Asked): Promise<readonly string[]> {
    const { environment, client } = asked
    const tools = [...(this.#parts.environments.get(environment)?.config.tools.keys() ?? [])]
    const visible = tools.filter((tool) => isAllowed({ action, environment, tool }, client.roles))
    if (visible.length === 0) {
      const request = { action, environment, tool: '*' } as const
      await keep(this.#parts.audit, [refusedRecord(this.#by(asked, request))])
      throw refusal(request)
    }
    return visible
  }

  async #authorize(asked: Asked, request: AccessRequest): Promise<void> {
    try {
      authorize(asked.client, request)
    } catch (refused) {
      await keep(this.#parts.audit, [refusedRecord(this.#by(asked, request))])
      throw refused
    }
  }

  #readsFor({ client: { name: client }, requestId }: Asked): (read: SecretRead) => void {
    return (read) => this.#parts.onRead?.({ ...read, client, requestId })
  }

  #by({ client, requestId }: Asked, request: AccessRequest): AskedBy {
    return { ...request, client: client.name, requestId, atMs: this.#parts.clock.nowMs() }
  }
}

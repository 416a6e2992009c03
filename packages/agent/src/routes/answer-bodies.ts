import type { SecretVersion } from '@keyplane/core'
import { encodeSecret } from '@keyplane/protocol'
import { type AgentResponse, json } from '../http/messages.ts'

/** Answers for versions, each made once: they hang on the version's identity, which lasts as long as it is cached. */
export class AnswerBodies {
  readonly #known = new WeakMap<SecretVersion, AgentResponse>()

  of(version: SecretVersion): AgentResponse {
    const known = this.#known.get(version)
    if (known) return known
    const response = json(200, Buffer.from(encodeSecret(version)))
    this.#known.set(version, response)
    return response
  }
}

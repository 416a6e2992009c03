import type { ContextValues, RequestContext } from '@keyplane/policy'

/**
 * A request's context that is made when the first condition asks: most policies have none, and it has thirty keys. What a
 * service's own key policy asks is settled without it.
 */
export class LazyContext implements RequestContext {
  readonly #make: () => RequestContext
  readonly #settled: ReadonlyMap<string, ContextValues> | undefined
  #made: RequestContext | undefined

  /** @param settled values that the context has too, by the same names. */
  constructor(make: () => RequestContext, settled?: ReadonlyMap<string, ContextValues>) {
    this.#make = make
    this.#settled = settled
  }

  get size(): number {
    return this.#context.size
  }

  get(key: string): ContextValues | undefined {
    return this.#settled?.get(key) ?? this.#context.get(key)
  }

  has(key: string): boolean {
    return this.#context.has(key)
  }

  forEach(act: Parameters<RequestContext['forEach']>[0]): void {
    this.#context.forEach(act)
  }

  entries(): ReturnType<RequestContext['entries']> {
    return this.#context.entries()
  }

  keys(): ReturnType<RequestContext['keys']> {
    return this.#context.keys()
  }

  values(): ReturnType<RequestContext['values']> {
    return this.#context.values()
  }

  [Symbol.iterator](): ReturnType<RequestContext['entries']> {
    return this.#context[Symbol.iterator]()
  }

  get #context(): RequestContext {
    return (this.#made ??= this.#make())
  }
}

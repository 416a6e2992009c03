import type { CompiledQuery } from 'kysely'

/** A query's place for a value that is not known yet. */
class Slot {
  readonly index: number

  constructor(index: number) {
    this.index = index
  }
}

/**
 * Compiles a Kysely query once and gives a function that fills its parameters in: building and compiling a query costs
 * more than running it. The builder must use its parameters as values only, and each at least once.
 */
export const compileOnce = <Parameters extends readonly unknown[], Row>(
  build: (...parameters: Parameters) => { compile(): CompiledQuery<Row> },
): ((...parameters: Parameters) => CompiledQuery<Row>) => {
  let compiled: CompiledQuery<Row> | undefined
  return (...parameters) => {
    compiled ??= build(...(parameters.map((_, index) => new Slot(index)) as unknown as Parameters)).compile()
    const filled = compiled.parameters.map((value) => (value instanceof Slot ? parameters[value.index] : value))
    return { ...compiled, parameters: filled }
  }
}

/** What was counted under each set of labels, as it crosses threads. */
export type Counts = ReadonlyMap<string, number>

/** A counter of Prometheus: `name{action="a",decision="b"} 3`. Labels are words of this program, never a name. */
export class Counter {
  readonly #name: string
  readonly #help: string
  readonly #counts = new Map<string, number>()

  /** @param known labels that are shown before anything was counted: who waits for a first one sees it come. */
  constructor(name: string, help: string, known: readonly Readonly<Record<string, string>>[] = []) {
    this.#name = name
    this.#help = help
    for (const labels of known) this.#counts.set(keyOf(labels), 0)
  }

  get counts(): Counts {
    return this.#counts
  }

  count(labels: Readonly<Record<string, string>>): void {
    this.add(new Map([[keyOf(labels), 1]]))
  }

  add(counts: Counts): void {
    for (const [labels, count] of counts) this.#counts.set(labels, (this.#counts.get(labels) ?? 0) + count)
  }

  lines(): string[] {
    return [
      ...family(this.#name, 'counter', this.#help),
      ...[...this.#counts].map(([labels, count]) => `${this.#name}{${labels}} ${count}`),
    ]
  }
}

const keyOf = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([label, value]) => `${label}="${value}"`)
    .join(',')

/** The lines before the values of a metric. @see https://prometheus.io/docs/instrumenting/exposition_formats/ */
export const family = (name: string, type: string, help: string): string[] => [
  `# HELP ${name} ${help}`,
  `# TYPE ${name} ${type}`,
]

import {
  type Outcome,
  passedOn,
  type SecretProvider,
  type SecretRef,
  type SecretVersion,
  toSecretsError,
} from '@keyplane/core'
import type { PersistedAnswers } from './persisted-answers.ts'

/** The provider, with each of its answers noted, whoever asked: callers, prefetching, checks behind their backs. */
export const observed = (provider: SecretProvider, answers: PersistedAnswers): SecretProvider => {
  const { many, state, watch } = provider
  const noted = (ref: SecretRef, outcome: Outcome<SecretVersion>, withdrawals: number): void =>
    outcome.ok ? answers.note(ref, outcome.value, withdrawals) : answers.fail(ref, outcome.error)
  return {
    ...passedOn(provider),
    get: async (ref, call) => {
      const { withdrawals } = answers
      try {
        const value = await provider.get(ref, call)
        noted(ref, { ok: true, value }, withdrawals)
        return value
      } catch (thrown) {
        noted(ref, { ok: false, error: toSecretsError(thrown) }, withdrawals)
        throw thrown
      }
    },
    ...(many && {
      many: {
        maxRefs: many.maxRefs,
        savesCalls: () => many.savesCalls?.() ?? true,
        get: async (refs, call) => {
          const { withdrawals } = answers
          const outcomes = await many.get(refs, call)
          refs.forEach((ref, index) => {
            const outcome = outcomes[index]
            if (outcome) noted(ref, outcome, withdrawals)
          })
          return outcomes
        },
      },
    }),
    ...(state && {
      state: {
        maxRefs: state.maxRefs,
        describe: async (refs, call) => {
          const outcomes = await state.describe(refs, call)
          refs.forEach((ref, index) => {
            const outcome = outcomes[index]
            if (outcome?.ok) answers.confirm(outcome.value, ref.as)
            // That a secret may not be described says nothing of its value, which is read then.
            else if (outcome && outcome.error.code !== 'access_denied') answers.fail(ref, outcome.error)
          })
          return outcomes
        },
      },
    }),
    ...(watch && {
      watch: {
        watch: async function* (ids, signal) {
          for await (const change of watch.watch(ids, signal)) {
            answers.change(change)
            yield change
          }
        },
      },
    }),
  }
}

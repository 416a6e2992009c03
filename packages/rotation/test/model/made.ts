import type { AlertKind, Rotation } from '@keyplane/rotation'
import type { Fate } from './faults.ts'
import { targets } from './targets.ts'
import { secretId, World } from './world.ts'

/** A world around one of the targets. */
export const made = (name: keyof typeof targets, fates: readonly Fate[] = [], policy = {}): World => {
  const target = targets[name]?.()
  if (!target) throw new Error('There is no such target.')
  return new World(target, fates, policy)
}

/** Begins a rotation there. */
export const begin = (world: World): Promise<Rotation> =>
  world.engine().begin({ secretId, rotator: world.target.rotator().name })

/** The alerts so far. */
export const alertsOf = (world: World): readonly AlertKind[] => world.alerts.map(({ kind }) => kind)

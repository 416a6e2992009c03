import type { SecretConfig } from '../config/service-config.ts'

/** Whether a secret is there to be read by itself: of a dynamic one each first read makes a credential. */
export const isLasting = ({ dynamic }: SecretConfig): boolean => !dynamic

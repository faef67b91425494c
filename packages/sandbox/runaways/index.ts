export { type NamedRunaway, RUNAWAYS } from './runaways.ts'
export { type Finding, strike } from './strike.ts'

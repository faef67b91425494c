import { commonEnvironment, parseEnvironment } from '@toolwright/runtime'
import { z } from 'zod'

const ExporterEnvironment = z.object(commonEnvironment)
export type ExporterEnvironment = z.infer<typeof ExporterEnvironment>

export function readEnvironment(): ExporterEnvironment {
  return parseEnvironment(ExporterEnvironment, process.env)
}

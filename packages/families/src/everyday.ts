import { dateDayAfter } from './everyday/date-day-after.ts'
import { dateToIso } from './everyday/date-to-iso.ts'
import { invoiceSubtotal } from './everyday/invoice-subtotal.ts'
import { invoiceTotal } from './everyday/invoice-total.ts'
import { logToFields } from './everyday/log-to-fields.ts'
import { phoneToE164 } from './everyday/phone-to-e164.ts'
import { shippingRate } from './everyday/shipping-rate.ts'
import { tableLookup } from './everyday/table-lookup.ts'
import { tableRowByValue } from './everyday/table-row-by-value.ts'
import { timeZone } from './everyday/time-zone.ts'
import { unitConversion } from './everyday/unit-conversion.ts'
import type { Family } from './family.ts'

export const everydayFamilies: readonly Family[] = [
  shippingRate,
  invoiceTotal,
  invoiceSubtotal,
  dateToIso,
  dateDayAfter,
  phoneToE164,
  logToFields,
  unitConversion,
  timeZone,
  tableLookup,
  tableRowByValue,
]

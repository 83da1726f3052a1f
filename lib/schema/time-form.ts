/**
 * Generalized Time and UTC Time (RFC 4517 sections 3.3.13 and 3.3.34): instants, and a form of them whose octets sort in time.
 *
 * The form is `YYYYMMDDHHMMSS` in UTC, then '.' and the fraction without trailing zeros where there is one; values that name the same
 * instant have the same form. A leap second keeps its 60. Invariants: total; at most MAX_OCTETS octets are read.
 */
import { isDigit } from '../base/ascii.js';
import { latin1, utf8Encode } from '../base/bytes.js';

const MAX_OCTETS = 64;
const DAYS_IN_MONTH: readonly number[] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

interface Fields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** Digits of the fraction of a second, without trailing zeros. */
  readonly fraction: string;
  /** Minutes east of UTC. */
  readonly zone: number;
}

/** Form of a Generalized Time, or undefined where `value` is none. */
export function generalizedTimeForm(value: Uint8Array): Uint8Array | undefined {
  if (isPlainUtc(value)) return value.subarray(0, 14);
  const fields = readGeneralizedTime(value);
  return fields === undefined ? undefined : utf8Encode(formOf(fields));
}

/** Form of a UTC Time; years from 50 are of the 20th century (RFC 4517 section 3.3.34). */
export function utcTimeForm(value: Uint8Array): Uint8Array | undefined {
  if (value.length < 10 || value.length > 17) return undefined;
  const text = latin1(value);
  const year = digitsAt(text, 0, 2);
  if (year < 0) return undefined;
  const seconds = digitsAt(text, 10, 2);
  const zoneAt = seconds >= 0 ? 12 : 10;
  // A UTC Time may leave its zone out; RFC 4517 does not say which it is then, so it is UTC.
  const zone = text.length === zoneAt ? 'Z' : text.slice(zoneAt);
  if (zone !== 'Z' && zone.length !== 5) return undefined;
  const century = year >= 50 ? '19' : '20';
  return generalizedTimeForm(utf8Encode(`${century}${text.slice(0, zoneAt)}${zone}`));
}

/** Milliseconds since 1970 of a Generalized Time (fraction cut), or undefined. */
export function generalizedTimeMs(value: Uint8Array): number | undefined {
  const fields = readGeneralizedTime(value);
  if (fields === undefined) return undefined;
  const { year, month, day, hour, minute, second } = fields;
  const minutes = daysBefore(year, month, day) * 1440 + hour * 60 + minute - fields.zone;
  const ms = Number(`${fields.fraction}000`.slice(0, 3));
  return (minutes - daysBefore(1970, 1, 1) * 1440) * 60_000 + second * 1000 + ms;
}

/** The common `YYYYMMDDHHMMSSZ` of a day that every month has: its digits are its form. */
function isPlainUtc(value: Uint8Array): boolean {
  if (value.length !== 15 || value[14] !== 0x5a) return false;
  for (let i = 0; i < 14; i++) if (!isDigit(value[i] as number)) return false;
  const pair = (at: number) => ((value[at] as number) - 0x30) * 10 + (value[at + 1] as number) - 0x30;
  const month = pair(4);
  const day = pair(6);
  return (
    month >= 1 && month <= 12 && day >= 1 && day <= 28 && pair(8) <= 23 && pair(10) <= 59 && pair(12) <= 60
  );
}

function readGeneralizedTime(value: Uint8Array): Fields | undefined {
  if (value.length < 11 || value.length > MAX_OCTETS) return undefined;
  const text = latin1(value);
  const year = digitsAt(text, 0, 4);
  const month = digitsAt(text, 4, 2);
  const day = digitsAt(text, 6, 2);
  const hour = digitsAt(text, 8, 2);
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  if (hour < 0 || hour > 23) return undefined;
  let at = 10;
  let minute = digitsAt(text, at, 2);
  let second = -1;
  if (minute >= 0) {
    at += 2;
    second = digitsAt(text, at, 2);
    if (second >= 0) at += 2;
  }
  if (minute > 59 || second > 60) return undefined;
  let fraction = '';
  const mark = text.charAt(at);
  if (mark === '.' || mark === ',') {
    const start = at + 1;
    at = start;
    while (isDigit(text.charCodeAt(at))) at += 1;
    if (at === start) return undefined;
    fraction = text.slice(start, at);
  }
  const zone = readZone(text, at);
  if (zone === undefined) return undefined;
  if (second < 0 && fraction !== '') {
    const scaled = scaleFraction(fraction, minute < 0 ? 3600 : 60);
    if (minute < 0) minute = Math.floor(scaled.whole / 60);
    second = scaled.whole % 60;
    fraction = scaled.fraction;
  }
  const settled = { year, month, day, hour, minute: Math.max(minute, 0), second: Math.max(second, 0) };
  return { ...settled, fraction: trimZeros(fraction), zone };
}

/** `Z` or `+HH[MM]` or `-HH[MM]`, to the end of the text. */
function readZone(text: string, at: number): number | undefined {
  const sign = text.charAt(at);
  if (sign === 'Z') return at + 1 === text.length ? 0 : undefined;
  if (sign !== '+' && sign !== '-') return undefined;
  const hours = digitsAt(text, at + 1, 2);
  const hasMinutes = text.length === at + 5;
  const minutes = hasMinutes ? digitsAt(text, at + 3, 2) : 0;
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return undefined;
  if (!hasMinutes && text.length !== at + 3) return undefined;
  return (sign === '-' ? -1 : 1) * (hours * 60 + minutes);
}

/** 0.digits of an hour or a minute, exactly, as whole seconds and a fraction of one. */
function scaleFraction(digits: string, seconds: number): { whole: number; fraction: string } {
  const product = (BigInt(digits) * BigInt(seconds)).toString().padStart(digits.length + 1, '0');
  const cut = product.length - digits.length;
  return { whole: Number(product.slice(0, cut)), fraction: product.slice(cut) };
}

function formOf(fields: Fields): string {
  const { second, fraction, zone } = fields;
  let { year, month, day, hour, minute } = fields;
  if (zone !== 0) {
    const minutes = hour * 60 + minute - zone;
    const days = Math.floor(minutes / 1440);
    hour = Math.floor((minutes - days * 1440) / 60);
    minute = minutes - days * 1440 - hour * 60;
    if (days !== 0) [year, month, day] = shiftDay(year, month, day + days);
  }
  // A zone can carry a value out of the four-digit years: '!' sorts before every digit and ':' after.
  const years = year < 0 ? '!' : year > 9999 ? ':' : String(year).padStart(4, '0');
  const text = `${years}${two(month)}${two(day)}${two(hour)}${two(minute)}${two(second)}`;
  return fraction === '' ? text : `${text}.${fraction}`;
}

/** The date of a day that lies one before or after its month at most. */
function shiftDay(year: number, month: number, day: number): [number, number, number] {
  if (day < 1) return month === 1 ? [year - 1, 12, 31] : [year, month - 1, daysIn(year, month - 1)];
  if (day > daysIn(year, month)) return month === 12 ? [year + 1, 1, 1] : [year, month + 1, 1];
  return [year, month, day];
}

function daysIn(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && leap ? 29 : (DAYS_IN_MONTH[month - 1] as number);
}

/** Days from 0000-03-01 to a date of the proleptic Gregorian calendar: years are counted from March, so that a leap day ends one. */
function daysBefore(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1;
  const m = month > 2 ? month - 3 : month + 9;
  return (
    y * 365 +
    Math.floor(y / 4) -
    Math.floor(y / 100) +
    Math.floor(y / 400) +
    Math.floor((153 * m + 2) / 5) +
    day -
    1
  );
}

/** The number that `count` digits at `at` say, or -1. */
function digitsAt(text: string, at: number, count: number): number {
  let n = 0;
  for (let i = at; i < at + count; i++) {
    const c = text.charCodeAt(i);
    if (!isDigit(c)) return -1;
    n = n * 10 + c - 0x30;
  }
  return n;
}

function trimZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits.charCodeAt(end - 1) === 0x30) end -= 1;
  return digits.slice(0, end);
}

function two(n: number): string {
  return n < 10 ? `0${n}` : String(n);
}

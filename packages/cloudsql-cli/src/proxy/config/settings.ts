import { googleSettings } from './google-settings.ts';
import { ownSettings } from './own-settings.ts';
import { type RefusedName, refusedSettings } from './refused-settings.ts';
import type { Given, KindValues, Setting } from './setting.ts';

type Supported = typeof googleSettings & typeof ownSettings;

/** The name of a setting: its flag without dashes, and its key in a file. */
export type SettingName = keyof Supported | RefusedName;

/** The values that were given, by name. */
export type Values = {
  readonly [Name in keyof Supported]?: Given<KindValues[Supported[Name]['kind']]>;
} & { readonly [Name in RefusedName]?: Given<unknown> };

type Switch = {
  [Name in keyof Supported]: (typeof googleSettings & typeof ownSettings)[Name]['kind'] extends 'SWITCH' ? Name : never;
}[keyof Supported];

/** Whether a switch was given, and as on. */
export function isOn(values: Values, name: Switch): boolean {
  const given: Given<boolean> | undefined = values[name];
  return given?.value ?? false;
}

const settings: Readonly<Record<SettingName, Setting>> = { ...googleSettings, ...ownSettings, ...refusedSettings };

/** Every name, in the order of the help. */
export const settingNames: readonly SettingName[] = Object.keys(settings) as SettingName[];

/** A setting by its name. */
export function settingOf(name: SettingName): Setting {
  return settings[name];
}

/** The setting that a flag or a key names, in either spelling. */
export function findSetting(spelling: string): SettingName | undefined {
  return settingNames.find((name) => name === spelling || settingOf(name).alias === spelling);
}

/** The same of what can be said of all instances. */
export function findGlobalSetting(spelling: string): SettingName | undefined {
  const name = findSetting(spelling);
  return name && settingOf(name).instance !== 'ONLY' ? name : undefined;
}

/**
 * Which values the properties are tried on: the same in every run, so that a change is judged by what it changed and not by luck.
 *
 * `PROPERTY_SEED=random` draws others, a number those of one run; test/fuzz/ looks for new ones for as long as it is given.
 */
import fc from "fast-check";

const { PROPERTY_SEED: wanted = "20261128" } = process.env;

if (wanted !== "random") fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(wanted) });

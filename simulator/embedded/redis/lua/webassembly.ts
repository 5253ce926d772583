/** What is used of WebAssembly, which the types of Node leave to the browser's. */
export interface WasmModule {
  readonly brand: "WebAssembly.Module";
}

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

export interface WasmTable {
  get(index: number): (...args: number[]) => unknown;
  grow(by: number): number;
  set(index: number, value: unknown): void;
}

export type WasmImports = Record<string, Record<string, (...args: number[]) => unknown>>;

interface WebAssemblyNamespace {
  readonly Module: {
    new (bytes: Uint8Array): WasmModule;
    imports(module: WasmModule): readonly { readonly module: string; readonly name: string }[];
  };
  readonly Instance: new (module: WasmModule, imports: WasmImports) => { readonly exports: Record<string, unknown> };
  /** A trap: the code did what no code may. */
  readonly RuntimeError: new () => Error;
}

export const { Module, Instance, RuntimeError } = (
  globalThis as unknown as { readonly WebAssembly: WebAssemblyNamespace }
).WebAssembly;

export declare const judges: Readonly<Record<string, readonly string[]>>;
export declare function judgesOf(operation: string): readonly string[] | undefined;

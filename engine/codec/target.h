/*
 * target.h - which body of a fast path this processor runs. Every hot loop is one always-inline body in plain C,
 * compiled once a target; the bytes and values are equal on all of them. Tests walk from TARGET_PLAIN to target_best().
 */
#ifndef CODEC_TARGET_H
#define CODEC_TARGET_H

enum target { TARGET_PLAIN = 0, TARGET_AVX2 = 1, TARGET_AVX512 = 2 };

/* The best body that may run: the tests of this room are built and run once for each. */
#ifndef TARGET_CAP
#define TARGET_CAP TARGET_AVX512
#endif

#define BODY static inline __attribute__((always_inline))

#ifdef __x86_64__
#define AVX2   __attribute__((target("avx2,fma,bmi,bmi2,lzcnt")))
#define AVX512 __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,fma,bmi,bmi2,lzcnt")))

static inline enum target target_best(void)
{
    if (TARGET_CAP >= TARGET_AVX512 && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw"))
        return TARGET_AVX512;
    return TARGET_CAP >= TARGET_AVX2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? TARGET_AVX2
                                                                                                        : TARGET_PLAIN;
}
#else
#define AVX2
#define AVX512

static inline enum target target_best(void)
{
    return TARGET_PLAIN;
}
#endif

#endif

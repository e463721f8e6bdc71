/* SHA-2 (FIPS 180-4), under the names that CPython's _sha2 module asks for.
 *
 * Debian's static libpython holds _sha2 but not the hash code that it calls (ADR 0010). */
#include "sealed.h"

#include <stdlib.h>
#include <string.h>

struct sha32 {
    uint32_t state[8];
    uint64_t total;
    uint8_t block[64];
};

struct sha64 {
    uint64_t state[8];
    uint64_t total;
    uint8_t block[128];
};

static const uint64_t constants[80] = {
#include "sha2_constants.h"
};

#define ROR(x, n, bits) (((x) >> (n)) | ((x) << ((bits) - (n))))
#define STEP(i, W, S1, K)                                                                          \
    do {                                                                                           \
        t1 = h + S1 + ((e & f) ^ (~e & g)) + (K) + (W);                                            \
        t2 = ((a & b) ^ (a & c) ^ (b & c));                                                        \
        h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;                         \
    } while (0)

static void plain32(struct sha32 *s, const uint8_t *p)
{
    uint32_t w[64], a = s->state[0], b = s->state[1], c = s->state[2], d = s->state[3],
                    e = s->state[4], f = s->state[5], g = s->state[6], h = s->state[7], t1, t2;
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 |
               (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        uint32_t x = w[i - 15], y = w[i - 2];
        w[i] = w[i - 16] + w[i - 7] + (ROR(x, 7, 32) ^ ROR(x, 18, 32) ^ (x >> 3)) +
               (ROR(y, 17, 32) ^ ROR(y, 19, 32) ^ (y >> 10));
    }
    for (int i = 0; i < 64; i++) {
        uint32_t s0 = ROR(a, 2, 32) ^ ROR(a, 13, 32) ^ ROR(a, 22, 32);
        uint32_t s1 = ROR(e, 6, 32) ^ ROR(e, 11, 32) ^ ROR(e, 25, 32);
        STEP(i, w[i], s1, (uint32_t)(constants[i] >> 32));
        a += s0;
    }
    s->state[0] += a, s->state[1] += b, s->state[2] += c, s->state[3] += d;
    s->state[4] += e, s->state[5] += f, s->state[6] += g, s->state[7] += h;
}

#if defined(__x86_64__) && !defined(PLAIN_SHA2)
#include <cpuid.h>
#include <immintrin.h>

static uint32_t rounds[64];

/* Whether the processor has SHA instructions (Intel, "SHA Extensions"); readies their constants. */
static int processor_hashes(void)
{
    unsigned a, b, c, d;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & bit_SHA))
        return 0;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1))
        return 0;
    for (int i = 0; i < 64; i++)
        rounds[i] = (uint32_t)(constants[i] >> 32);
    return 1;
}

/* The instructions want the state as two halves, A B E F and C D G H. */
__attribute__((target("sha,ssse3,sse4.1"))) static void
fast32(struct sha32 *s, const uint8_t *p)
{
    const __m128i big = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)&s->state[0]), 0xb1);
    __m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)&s->state[4]), 0x1b);
    __m128i abef = _mm_alignr_epi8(low, high, 8), cdgh = _mm_blend_epi16(high, low, 0xf0);
    const __m128i abef_before = abef, cdgh_before = cdgh;
    __m128i w[4];
    for (int i = 0; i < 4; i++)
        w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(p + 16 * i)), big);
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) {
        __m128i *now = &w[i & 3], last = w[(i + 3) & 3];
        if (i >= 4) {
            __m128i sum = _mm_sha256msg1_epu32(*now, w[(i + 1) & 3]);
            sum = _mm_add_epi32(sum, _mm_alignr_epi8(last, w[(i + 2) & 3], 4));
            *now = _mm_sha256msg2_epu32(sum, last);
        }
        __m128i k = _mm_loadu_si128((const __m128i *)&rounds[4 * i]);
        __m128i both = _mm_add_epi32(*now, k);
        cdgh = _mm_sha256rnds2_epu32(cdgh, abef, both);
        abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(both, 0x0e));
    }
    low = _mm_shuffle_epi32(_mm_add_epi32(abef, abef_before), 0x1b);
    high = _mm_shuffle_epi32(_mm_add_epi32(cdgh, cdgh_before), 0xb1);
    _mm_storeu_si128((__m128i *)&s->state[0], _mm_blend_epi16(low, high, 0xf0));
    _mm_storeu_si128((__m128i *)&s->state[4], _mm_alignr_epi8(high, low, 8));
}

static void block32(struct sha32 *s, const uint8_t *p)
{
    static int fast = -1; /* two threads that find it unknown find the same */
    if (fast < 0)
        fast = processor_hashes();
    if (fast)
        fast32(s, p);
    else
        plain32(s, p);
}
#else
#define block32 plain32
#endif

static void block64(struct sha64 *s, const uint8_t *p)
{
    uint64_t w[80], a = s->state[0], b = s->state[1], c = s->state[2], d = s->state[3],
                    e = s->state[4], f = s->state[5], g = s->state[6], h = s->state[7], t1, t2;
    for (int i = 0; i < 16; i++) {
        w[i] = 0;
        for (int j = 0; j < 8; j++)
            w[i] = w[i] << 8 | p[8 * i + j];
    }
    for (int i = 16; i < 80; i++) {
        uint64_t x = w[i - 15], y = w[i - 2];
        w[i] = w[i - 16] + w[i - 7] + (ROR(x, 1, 64) ^ ROR(x, 8, 64) ^ (x >> 7)) +
               (ROR(y, 19, 64) ^ ROR(y, 61, 64) ^ (y >> 6));
    }
    for (int i = 0; i < 80; i++) {
        uint64_t s0 = ROR(a, 28, 64) ^ ROR(a, 34, 64) ^ ROR(a, 39, 64);
        uint64_t s1 = ROR(e, 14, 64) ^ ROR(e, 18, 64) ^ ROR(e, 41, 64);
        STEP(i, w[i], s1, constants[i]);
        a += s0;
    }
    s->state[0] += a, s->state[1] += b, s->state[2] += c, s->state[3] += d;
    s->state[4] += e, s->state[5] += f, s->state[6] += g, s->state[7] += h;
}

/* One text for both sizes: T the struct, W its word in bytes, B its block in bytes. */
#define HASH(T, BITS, W, B, BLOCK)                                                                 \
    static void update##BITS(struct T *s, const uint8_t *data, size_t size)                        \
    {                                                                                              \
        size_t have = (size_t)(s->total % B);                                                      \
        s->total += size;                                                                          \
        if (have + size < B) {                                                                     \
            memcpy(s->block + have, data, size);                                                   \
            return;                                                                                \
        }                                                                                          \
        if (have) {                                                                                \
            memcpy(s->block + have, data, B - have);                                               \
            BLOCK(s, s->block);                                                                    \
            data += B - have, size -= B - have;                                                    \
        }                                                                                          \
        for (; size >= B; data += B, size -= B)                                                    \
            BLOCK(s, data);                                                                        \
        memcpy(s->block, data, size);                                                              \
    }                                                                                              \
    static void digest##BITS(const struct T *from, uint8_t *out)                                   \
    {                                                                                              \
        struct T s = *from;                                                                        \
        uint8_t tail[2 * B] = {0x80};                                                              \
        size_t have = (size_t)(s.total % B);                                                       \
        size_t size = (have + 1 + 2 * W <= B ? B : 2 * B) - have;                                  \
        for (int i = 0; i < 8; i++)                                                                \
            tail[size - 1 - (size_t)i] = (uint8_t)(s.total * 8 >> 8 * i);                          \
        update##BITS(&s, tail, size);                                                              \
        for (int i = 0; i < 8 * W; i++)                                                            \
            out[i] = (uint8_t)(s.state[i / W] >> 8 * (W - 1 - i % W));                             \
    }                                                                                              \
    void *python_hashlib_Hacl_Hash_SHA2_copy_##BITS(const struct T *from)                          \
    {                                                                                              \
        struct T *to = malloc(sizeof *to);                                                         \
        return to ? memcpy(to, from, sizeof *to) : NULL;                                           \
    }                                                                                              \
    void python_hashlib_Hacl_Hash_SHA2_free_##BITS(struct T *s)                                    \
    {                                                                                              \
        free(s);                                                                                   \
    }                                                                                              \
    uint8_t python_hashlib_Hacl_Hash_SHA2_update_##BITS(struct T *s, uint8_t *data, uint32_t size) \
    {                                                                                              \
        update##BITS(s, data, size);                                                               \
        return 0;                                                                                  \
    }                                                                                              \
    void python_hashlib_Hacl_Hash_SHA2_digest_##BITS(struct T *s, uint8_t *out)                    \
    {                                                                                              \
        digest##BITS(s, out);                                                                      \
    }

HASH(sha32, 256, 4, 64, block32)
HASH(sha64, 512, 8, 128, block64)

#define START(NAME, T, ...)                                                                        \
    void *python_hashlib_Hacl_Hash_SHA2_malloc_##NAME(void)                                        \
    {                                                                                              \
        struct T *s = calloc(1, sizeof *s);                                                        \
        if (s)                                                                                     \
            *s = (struct T){.state = {__VA_ARGS__}};                                               \
        return s;                                                                                  \
    }

#define SHA256_START                                                                               \
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19

START(224, sha32, 0xc1059ed8, 0x367cd507, 0x3070dd17, 0xf70e5939, 0xffc00b31, 0x68581511,
      0x64f98fa7, 0xbefa4fa4)
START(256, sha32, SHA256_START)
START(384, sha64, 0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939,
      0x67332667ffc00b31, 0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4)
START(512, sha64, 0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
      0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179)

void sealed_sha256(const uint8_t *data, size_t size, uint8_t out[32])
{
    struct sha32 s = {.state = {SHA256_START}};
    update256(&s, data, size);
    digest256(&s, out);
}

# Pictures without a package: PPM in, PNG out.

"A picture in the format PPM: x[column, row, colour], 0 to 1."
function read_ppm(path)
    open(path) do io
        fields = Int[]
        read(io, 2) == b"P6" || error("$path is no PPM")
        while length(fields) < 3
            token = UInt8[]
            while (byte = read(io, UInt8)) > 0x20
                push!(token, byte)
            end
            isempty(token) && continue
            token[1] == UInt8('#') ? readline(io) : push!(fields, parse(Int, String(token)))
        end
        width, height, high = fields
        permutedims(reshape(read(io, 3width * height), 3, width, height) ./ high, (2, 3, 1))
    end
end

const crc_table = map(UInt32(0):UInt32(255)) do c
    for _ in 1:8
        c = isodd(c) ? 0xedb88320 ⊻ (c >> 1) : c >> 1
    end
    c
end
crc(bytes) = ~foldl((c, byte) -> crc_table[(c ⊻ byte) & 0xff + 1] ⊻ (c >> 8), bytes; init=0xffffffff)

big(n) = reinterpret(UInt8, [hton(UInt32(n))])
chunk(kind, data) = vcat(big(length(data)), kind, data, big(crc(vcat(kind, data))))

"Writes x[column, row, colour], 0 to 1, as PNG: not compressed, in blocks of the format that deflate has for that."
function write_png(path, x)
    width, height = size(x)
    pixels = round.(UInt8, 255 .* permutedims(clamp.(x, 0, 1), (3, 1, 2)))
    lines = vec(vcat(zeros(UInt8, 1, height), reshape(pixels, 3width, height)))
    blocks = UInt8[0x78, 0x01]
    for first in 1:65535:length(lines)
        part = lines[first:min(first + 65534, end)]
        n = UInt16(length(part))
        append!(blocks, vcat(UInt8(first + n > length(lines)), reinterpret(UInt8, [htol(n), htol(~n)]), part))
    end
    a, b = 1, 0
    for byte in lines
        a = (a + byte) % 65521
        b = (b + a) % 65521
    end
    append!(blocks, big(b << 16 | a))
    header = vcat(big(width), big(height), UInt8[8, 2, 0, 0, 0])
    write(path, vcat(b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), chunk(b"IDAT", blocks), chunk(b"IEND", UInt8[])))
end

"""GLSL 1.20, which every OpenGL 2.1 driver and Mesa's software renderer understand.

The light is that of expnet_live/render/shading.py, lit per pixel: wrapped diffuse, further in red than in blue, so that
skin looks soft; highlights by Blinn and Phong, as sharp and strong as a vertex's shine says.
"""

HEAD_VERTEX = """
#version 120
uniform mat4 u_model;       // the head's turn, mirrored or not
uniform mat4 u_view;
uniform mat4 u_projection;
uniform mat3 u_pose;        // the head's turn in the camera's picture
uniform vec3 u_place;       // pixels per mm, and where the model's origin is seen
uniform vec2 u_picture;     // pixels of the camera's picture
uniform float u_nudge;      // towards the viewer, for lines on the surface
uniform float u_hair;       // 1 with hair, 0 without
attribute vec3 a_position;
attribute vec3 a_normal;
attribute vec3 a_color;
attribute vec4 a_traits;    // shine, openness, paint, mm of hair
attribute vec3 a_rest;      // where it is when the face is at rest: hair and neck go by it
varying vec3 v_position;
varying vec3 v_normal;
varying vec3 v_color;
varying vec3 v_traits;
varying vec2 v_uv;
varying vec4 v_rest;        // and mm of hair
void main() {
    mat4 to_eye = u_view * u_model;
    float hair = u_hair * a_traits.w;
    vec4 at = to_eye * vec4(a_position + hair * a_normal, 1.0);
    v_position = at.xyz;
    v_normal = mat3(to_eye[0].xyz, to_eye[1].xyz, to_eye[2].xyz) * a_normal;
    v_color = a_color;
    vec3 seen = u_pose * a_position;
    v_uv = (vec2(u_place.y + u_place.x * seen.x, u_place.z - u_place.x * seen.y) + 0.5) / u_picture;
    float facing = (u_pose * a_normal).z;
    v_rest = vec4(a_rest, hair);
    v_traits = vec3(a_traits.xy, a_traits.z * smoothstep(0.02, 0.42, facing));
    gl_Position = u_projection * at;
    gl_Position.z -= u_nudge * gl_Position.w;
}
"""

HEAD_FRAGMENT = """
#version 120
uniform vec3 u_toward[3];   // unit vectors to key, fill and rim light
uniform vec3 u_light[3];    // their linear colours
uniform vec3 u_halfway[3];  // between them and a viewer straight ahead
uniform vec3 u_highlight;   // how much they shine
uniform vec3 u_sky;
uniform vec3 u_ground;
uniform sampler2D u_photo;
uniform float u_paint;
uniform vec3 u_complexion;  // what makes our skin like that of the picture
uniform vec3 u_tint;        // colour of the head when it is drawn as clay for the wireframe
uniform float u_clay;
uniform float u_neck;       // mm: where the neck ends
varying vec3 v_position;
varying vec3 v_normal;
varying vec3 v_color;
varying vec3 v_traits;
varying vec2 v_uv;
varying vec4 v_rest;
const vec3 HAIR = vec3(0.042, 0.022, 0.014);
const vec3 WRAP = vec3(0.50, 0.36, 0.30);

vec3 lit(vec3 n, int i) {
    vec3 amount = max((dot(n, u_toward[i]) + WRAP) / (1.0 + WRAP), 0.0);
    return amount * amount * u_light[i];
}

float strands(vec3 at) {
    // Combed back from the forehead: fine across, long along.
    float angle = atan(at.x, at.y - 20.0);
    float along = at.z * 0.035;
    float wave = sin(along) + 0.6 * sin(2.3 * along + 5.0 * angle);
    return 0.34 * sin(83.0 * angle + 2.6 * wave) + 0.30 * sin(47.0 * angle - 2.0 * wave + 1.0)
         + 0.22 * sin(149.0 * angle + 1.7 * wave) + 0.14 * sin(23.0 * angle + wave);
}

void main() {
    vec3 n = normalize(v_normal);
    vec3 eye = -normalize(v_position);
    float shine = v_traits.x;
    // Eyes and teeth keep their colour; skin is what is red.
    float red = clamp(4.0 * (v_color.r - v_color.b), 0.0, 1.0);
    vec3 skin = v_color * mix(vec3(1.0), u_complexion, red * u_paint);
    float hair = smoothstep(0.4, 3.2, v_rest.w);
    if (hair > 0.0) {
        float s = strands(v_rest.xyz);
        skin = mix(skin, HAIR * (1.0 + 0.45 * s), hair);
        n = normalize(n + 0.13 * hair * s * vec3(n.y, -n.x, 0.0));
        shine = mix(shine, 0.42 + 0.06 * s, hair);
    }
    float hollow = 1.0 - v_traits.y;
    vec3 light = mix(u_ground, u_sky, 0.5 + 0.5 * n.y) + lit(n, 0) + lit(n, 1) + lit(n, 2);
    // Light that reaches hollows in skin has bounced off skin: it is warm.
    light *= 1.0 - hollow * vec3(0.88, 1.0, 1.04);

    vec2 inside = step(vec2(0.002), v_uv) * step(v_uv, vec2(0.998));
    float paint = u_paint * v_traits.z * inside.x * inside.y * (1.0 - hair);
    vec3 photo = texture2D(u_photo, v_uv).rgb;
    vec3 albedo = mix(mix(skin, u_tint, u_clay), photo * photo * 1.08, paint);
    // A photo brings its own light; some of ours keeps the form when it is orbited.
    light = mix(light, vec3(0.62) + 0.34 * light, paint);

    float power = exp2(2.6 + 6.2 * shine);
    float s2 = shine * shine;
    float s10 = s2 * s2 * s2 * s2 * s2;
    float edge = 1.0 - max(dot(n, eye), 0.0);
    float strength = 0.45 * s2 * (1.0 + 24.0 * s10) * (0.5 + 0.5 * edge * edge * edge);
    strength *= (1.0 - 0.85 * paint) * v_traits.y;
    vec3 gloss = pow(max(dot(n, u_halfway[0]), 0.0), power) * u_highlight.x * u_light[0]
               + pow(max(dot(n, u_halfway[1]), 0.0), power) * u_highlight.y * u_light[1];
    vec3 color = albedo * light + strength * gloss;
    vec3 high = 1.0 - 0.25 * exp(-(color - 0.75) / 0.25);
    color = mix(color, high, step(0.75, color));
    // The neck fades into the backdrop instead of ending.
    gl_FragColor = vec4(pow(max(color, 0.0), vec3(1.0 / 2.2)), smoothstep(u_neck + 4.0, u_neck + 46.0, v_rest.y));
}
"""

GRID_FRAGMENT = """
#version 120
uniform vec4 u_line;
varying vec3 v_position;
varying vec3 v_normal;
varying vec3 v_color;
varying vec3 v_traits;
varying vec2 v_uv;
varying vec4 v_rest;
void main() {
    float facing = dot(normalize(v_normal), -normalize(v_position));
    gl_FragColor = vec4(u_line.rgb, u_line.a * smoothstep(0.0, 0.5, facing));
}
"""

BACKDROP_VERTEX = """
#version 120
attribute vec2 a_corner;
varying vec2 v_at;
void main() {
    v_at = a_corner;
    gl_Position = vec4(a_corner, 0.0, 1.0);
}
"""

BACKDROP_FRAGMENT = """
#version 120
uniform vec3 u_middle;
uniform vec3 u_edge;
uniform float u_aspect;
varying vec2 v_at;
void main() {
    vec2 p = vec2(v_at.x * u_aspect, v_at.y - 0.12) * 0.72;
    float away = min(dot(p, p), 1.0);
    // A gradient over so few levels would show bands: dither it.
    float noise = fract(52.9829189 * fract(dot(gl_FragCoord.xy, vec2(0.06711056, 0.00583715)))) - 0.5;
    gl_FragColor = vec4(mix(u_middle, u_edge, away) + noise / 255.0, 1.0);
}
"""
